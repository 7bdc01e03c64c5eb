// Every call of every port in every kind of life, failed before its effect and after it, hung, repeated, late, and the
// process killed or standing still over it; then time runs, sweeps sweep, and the invariants must hold. Real and doubled
// as in protocol.test.ts.
import { describe, expect, it } from 'vitest';
import type { Plan, ProtocolRun } from '../support/protocol/protocol-run.ts';
import { runProtocol } from '../support/protocol/protocol-world.ts';
import { type Fault, type FaultKind, FAULTS, PORTS } from '../support/protocol/protocol-faults.ts';
import { openFake } from '../support/protocol/protocol-plans.ts';
import type { Behaviour } from '../support/receivers/virtual-receivers.ts';

const life = (script: readonly Behaviour[], plan: Partial<Plan> = {}): Plan => ({
  seed: 7,
  deliveries: [{ script, dueInSeconds: 0, hasCredential: false }],
  faults: [],
  messageFaults: [],
  maxAttempts: 3,
  ...plan,
});

const accepting = { script: ['accepts'], dueInSeconds: 0, hasCredential: false } as const;

/** Three of one ordering key. The first is in flight when an operator ends the second, which is not due. */
const endedInLine = (when: Pick<Plan, 'cancelsAfterSeconds' | 'expungesAfterSeconds'>): Plan =>
  life(['lingers'], {
    deliveries: [
      { ...accepting, script: ['lingers'], hasOrderingKey: true },
      { ...accepting, dueInSeconds: 1000, hasOrderingKey: true },
      { ...accepting, hasOrderingKey: true },
    ],
    outcomes: 'failures',
    // By which the order comes while the first is in flight.
    seed: 1,
    endsOnly: 1,
    ...when,
  });

const LIVES: Readonly<Record<string, Plan>> = {
  'is accepted at once': life(['accepts']),
  'is accepted at the second attempt': life(['fails', 'accepts']),
  'is due in 16 minutes': life(['accepts'], { deliveries: [{ ...accepting, dueInSeconds: 1000 }] }),
  'needs its credential': life(['accepts'], { deliveries: [{ ...accepting, hasCredential: true }] }),
  'is given back for want of its credential': life(['accepts'], {
    deliveries: [{ ...accepting, hasCredential: true }],
    faults: [{ port: 'credentials.resolve', call: 0, kind: 'fails before' }],
  }),
  'is buried, and lifted by what its worker reports late': life(['accepts'], {
    faults: [{ port: 'store.settleDeliveries', call: 0, kind: 'late' }],
    // The message that would have told its outcome first.
    messageFaults: [{ message: 1, kind: 'lost' }],
    maxAttempts: 1,
    seed: 3,
  }),
  'cannot be recorded, and has its outcome told by a message': life(['accepts'], {
    faults: [{ port: 'store.settleDeliveries', call: 0, kind: 'fails before' }],
  }),
  'comes with two others, in parts, and something unreadable': life(['accepts'], {
    deliveries: [accepting, accepting, { ...accepting, script: ['fails', 'accepts'] }],
    hasUnreadableMessage: true,
  }),
  'somebody else has locked when it is claimed': life(['accepts'], {
    locks: [{ delivery: 0, atSeconds: 0, forSeconds: 20 }],
  }),
  'somebody else has locked when it is recorded': life(['accepts'], {
    locks: [{ delivery: 0, atSeconds: 0.03, forSeconds: 90 }],
  }),
  'loses its first message': life(['accepts'], { messageFaults: [{ message: 0, kind: 'lost' }] }),
  'gets another message by an operator': life(['accepts'], {
    messageFaults: [{ message: 0, kind: 'lost' }],
    restoresAfterMinutes: 1,
  }),
  'is refused, and accepted when redelivered': life(['refuses', 'accepts'], { redeliversAfterMinutes: 12 }),
  'is never accepted': life(['fails', 'hangs']),
  'waits with two others for an endpoint that is down, and is accepted when it answers': life(['fails', 'accepts'], {
    deliveries: Array.from({ length: 3 }, () => ({ ...accepting, script: ['fails', 'accepts'] })),
  }),
  'comes with two others of its ordering key': life(['accepts'], {
    deliveries: Array.from({ length: 3 }, () => ({ ...accepting, hasOrderingKey: true })),
    outcomes: 'failures',
  }),
  'has another of its ordering key before it, which fails': life(['accepts'], {
    deliveries: [
      { ...accepting, script: ['fails', 'refuses'], hasOrderingKey: true },
      { ...accepting, hasOrderingKey: true },
    ],
    outcomes: 'failures',
    redeliversAfterMinutes: 12,
  }),
  'is in flight while the next of its ordering key is cancelled': endedInLine({ cancelsAfterSeconds: 2.5 }),
  'is in flight while the next of its ordering key is erased': endedInLine({ expungesAfterSeconds: 2.5 }),
  'is cancelled before it is due': life(['accepts'], {
    deliveries: [{ ...accepting, dueInSeconds: 1000 }],
    cancelsAfterSeconds: 60,
  }),
  'is cancelled while it is attempted': life(['hangs', 'hangs', 'hangs'], { cancelsAfterSeconds: 10 }),
  'is erased before it is due': life(['accepts'], {
    deliveries: [{ ...accepting, dueInSeconds: 1000 }],
    expungesAfterSeconds: 60,
  }),
  'is erased while it is attempted': life(['hangs', 'hangs', 'hangs'], { expungesAfterSeconds: 10 }),
  'is redelivered with others, slowly, which is stopped': life(['refuses', 'refuses'], {
    deliveries: [1, 2].map(() => ({ ...accepting, script: ['refuses', 'refuses'] as const })),
    redeliversAfterMinutes: 12,
    perSecond: 0.005,
    stopsAfterMinutes: 14,
  }),
};

async function faultless(plan: Plan): Promise<ProtocolRun> {
  return await runProtocol(plan, openFake());
}

/** Each call that a life without faults makes, with each thing that can become of it. */
async function* faultsOf(plan: Plan): AsyncGenerator<Fault> {
  const { calls } = await faultless(plan);
  for (const port of PORTS) {
    for (let call = 0; call < (calls.get(port) ?? 0); call++) {
      for (const kind of FAULTS) yield { port, call, kind };
    }
  }
}

describe.each(Object.entries(LIVES))('a delivery that %s', (_, plan) => {
  it('keeps every invariant whatever becomes of any one call', async () => {
    const expected = (await faultless(plan)).statuses;
    const wrong: { fault: Fault; run: ProtocolRun }[] = [];
    let runs = 0;
    for await (const fault of faultsOf(plan)) {
      const run = await runProtocol({ ...plan, faults: [...plan.faults, fault] }, openFake());
      runs++;
      // One fault costs at most one attempt: where there are others left, what becomes of the delivery stays the same.
      const isSame = plan.maxAttempts === 1 || JSON.stringify(run.statuses) === JSON.stringify(expected);
      const isKept = plan.hasUnreadableMessage !== true || run.setAside > 0;
      if (run.violations.length > 0 || !isSame || !isKept) wrong.push({ fault, run });
    }
    expect(wrong).toEqual([]);
    expect(runs).toBeGreaterThan(FAULTS.length * 10);
  });
});

it.each([
  ['cancelled', { cancelsAfterSeconds: 2.5 }],
  ['erased', { expungesAfterSeconds: 2.5 }],
])('an ordering key goes on without the sweep where the next in line is %s while one is in flight', async (_, when) => {
  const { counts, statuses, violations } = await faultless(endedInLine(when));
  expect([statuses, violations]).toEqual([['succeeded', 'dead_letter', 'succeeded'], []]);
  expect(counts.get('order: not gone on')).toBe(1);
  expect(counts.get('sweep: put back')).toBeUndefined();
});

it('reaches every port and every fault', async () => {
  const ports = new Set<string>();
  const kinds = new Set<FaultKind>();
  const happened = new Set<string>();
  for (const plan of Object.values(LIVES)) {
    for await (const { port, kind } of faultsOf(plan)) {
      ports.add(port);
      kinds.add(kind);
    }
    const { counts, violations } = await faultless(plan);
    for (const what of counts.keys()) happened.add(what);
    expect(violations).toEqual([]);
  }
  expect([...kinds]).toEqual([...FAULTS]);
  expect(PORTS.filter((port) => !ports.has(port))).toEqual([]);
  const wanted = [
    'claim: deferred',
    'claim: holding',
    'endpoint: down',
    'endpoint: up',
    'release: released',
    'settle: late_success',
    'sweep: buried',
    'order: cancel',
    'order: expunge',
    'order: put to rest',
  ];
  expect(wanted.filter((what) => !happened.has(what))).toEqual([]);
});
