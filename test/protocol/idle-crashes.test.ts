// A sweep that asks only if there is a marker: every call of the markers' queue, and of what makes something pending, failed, hung,
// repeated, late, and the process killed or standing still over it. Whatever happens the delivery ends as it does without a fault, within
// a day, which has three looks; and nothing is pending without a marker, unless the queue took none or a statement came minutes late.
// Real and doubled as in protocol.test.ts, and a queue of markers in virtual time.
import { describe, expect, it } from 'vitest';
import type { Plan, ProtocolRun, Variant } from '../support/protocol/protocol-run.ts';
import { runProtocol } from '../support/protocol/protocol-world.ts';
import { type Fault, FAULTS, MARKER_PORTS, type Port } from '../support/protocol/protocol-faults.ts';
import { openFake } from '../support/protocol/protocol-plans.ts';
import { UNMARKED } from '../support/protocol/protocol-watch.ts';

const accepting = { script: ['accepts'], dueInSeconds: 0, hasCredential: false } as const;
const life = (plan: Partial<Plan> = {}): Plan => ({
  seed: 7,
  deliveries: [accepting],
  faults: [],
  messageFaults: [],
  maxAttempts: 3,
  ...plan,
});

const LOST: Plan['messageFaults'] = [{ message: 0, kind: 'lost' }];
/** Its first message is lost, so that nothing but the sweep can find it. */
const LIVES: Readonly<Record<string, Plan>> = {
  'is due at once': life({ messageFaults: LOST }),
  'is due in two hours': life({ deliveries: [{ ...accepting, dueInSeconds: 7200 }], messageFaults: LOST }),
  'is due in twenty hours, further than messages reach': life({
    deliveries: [{ ...accepting, dueInSeconds: 20 * 3600 }],
  }),
  'comes while another is due later': life({
    deliveries: [accepting, { ...accepting, dueInSeconds: 7200 }],
    messageFaults: [...LOST, { message: 1, kind: 'lost' }],
  }),
  'is refused, and redelivered when everything is asleep': life({
    deliveries: [{ ...accepting, script: ['refuses', 'accepts'] }],
    redeliversAfterMinutes: 120,
    messageFaults: [{ message: 1, kind: 'lost' }],
  }),
  'loses the worker that claimed it': life({
    faults: [{ port: 'store.claimDeliveries', call: 0, kind: 'dies after' }],
    messageFaults: [{ message: 1, kind: 'lost' }],
  }),
};

/** What makes something pending, and what the sweep does with markers. */
const FAILING: readonly Port[] = [
  ...MARKER_PORTS,
  'store.acceptDeliveries',
  'store.workPage',
  'store.putBackDeliveries',
  'queue.send',
];

const run = (plan: Plan, trueIdle: Variant['trueIdle'] = true): Promise<ProtocolRun> =>
  runProtocol(plan, openFake(), { trueIdle });

/** Faults after which nobody can promise a marker: the queue took none, or what it stood for came after its time. */
function mayBeUnmarked({ port, kind }: Fault): boolean {
  return port === 'markers.put' || kind === 'late';
}

function violationsOf({ violations }: ProtocolRun, fault: Fault): string[] {
  return violations.filter((violation) => !(mayBeUnmarked(fault) && violation.includes(UNMARKED)));
}

describe.each(Object.entries(LIVES))('a delivery that %s', (_, plan) => {
  it('is found whatever becomes of any one call, and is never without a marker', async () => {
    const faultless = await run(plan);
    expect(faultless.violations).toEqual([]);
    const wrong: { fault: Fault; run: ProtocolRun }[] = [];
    let runs = 0;
    for (const port of FAILING) {
      // What comes later in a run repeats what came before.
      for (let call = 0; call < Math.min(6, faultless.calls.get(port) ?? 0); call++) {
        for (const kind of FAULTS) {
          const fault = { port, call, kind };
          const failed = await run({ ...plan, faults: [...plan.faults, fault] });
          const isSame = JSON.stringify(failed.statuses) === JSON.stringify(faultless.statuses);
          if (violationsOf(failed, fault).length > 0 || !isSame) wrong.push({ fault, run: failed });
          runs++;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(runs).toBeGreaterThan(FAULTS.length * 8);
  });
});

it('reaches every port of the markers', async () => {
  const called = new Set<Port>();
  for (const plan of Object.values(LIVES)) for (const port of (await run(plan)).calls.keys()) called.add(port);
  expect(MARKER_PORTS.filter((port) => !called.has(port))).toEqual([]);
});

describe('the test would notice', () => {
  it('a marker that is put behind the row', async () => {
    const { violations } = await run(life({ messageFaults: LOST }), 'marker behind the row');
    expect(violations).toEqual([`delivery 1: ${UNMARKED}`]);
  });

  it('young markers that go: a process stands still between its marker and its row, and a sweep asks meanwhile', async () => {
    const found = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const faults: Fault[] = [{ port: 'markers.put', call: 0, kind: 'stalls' }];
      const plan = life({ seed, messageFaults: LOST, faults, enqueuesAfterSeconds: 290 });
      for (const violation of (await run(plan, 'young markers go')).violations) found.add(violation);
      expect((await run(plan)).violations).toEqual([]);
    }
    expect([...found]).toEqual([`delivery 1: ${UNMARKED}`]);
  });

  it('that nobody looks, where neither marker nor message was sent', async () => {
    const faults: Fault[] = [0, 1].map((call) => ({ port: 'markers.put', call, kind: 'fails before' }));
    const plan = life({ messageFaults: LOST, faults });
    expect((await run(plan, 'no look')).statuses).toEqual(['pending']);
    expect((await run(plan)).statuses).toEqual(['succeeded']);
  });
});
