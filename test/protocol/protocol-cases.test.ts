// Single lives through the whole protocol, by the rows of the fault catalogue. Real and doubled as in protocol.test.ts.
import { expect, it } from 'vitest';
import type { Plan } from '../support/protocol/protocol-run.ts';
import { runProtocol } from '../support/protocol/protocol-world.ts';
import type { Fault, FaultKind, Port } from '../support/protocol/protocol-faults.ts';
import { openFake } from '../support/protocol/protocol-plans.ts';

const times = (port: Port, kind: FaultKind, count: number): Fault[] =>
  Array.from({ length: count }, (_, call) => ({ port, call, kind }));

const accepting = (plan: Partial<Plan>): Plan => ({
  seed: 11,
  faults: [],
  messageFaults: [],
  maxAttempts: 2,
  deliveries: [
    {
      script: ['accepts'],
      dueInSeconds: 0,
      hasCredential: false,
    },
  ],
  ...plan,
});

it.each<[string, Partial<Plan>, string, number]>([
  [
    'whose message was lost is swept and accepted (QUE-03)',
    { messageFaults: [{ message: 0, kind: 'lost' }] },
    'succeeded',
    1,
  ],
  [
    'whose message comes twice is sent once (QUE-10)',
    { messageFaults: [{ message: 0, kind: 'duplicated' }] },
    'succeeded',
    1,
  ],
  [
    'whose worker dies after its claim is sent after the lease (CLA-06)',
    { faults: times('store.claimDeliveries', 'dies after', 1) },
    'succeeded',
    1,
  ],
  [
    'whose worker stands still before it sends, past its lease, is sent by another alone (CLA-16)',
    {
      deliveries: [{ script: ['accepts'], dueInSeconds: 0, hasCredential: true }],
      faults: times('credentials.resolve', 'stalls', 1),
    },
    'succeeded',
    1,
  ],
  [
    'whose workers die with the answer in hand is sent max_attempts times and no more (REC-01)',
    { faults: times('receiver.send', 'dies after', 10) },
    'dead_letter',
    2,
  ],
  [
    'that ends every worker at its claim is buried unsent (SWE-08)',
    { faults: times('store.claimDeliveries', 'dies after', 10) },
    'dead_letter',
    0,
  ],
  [
    'whose success cannot be recorded has it told by a message, and is not sent again (REC-02)',
    { faults: times('store.settleDeliveries', 'fails before', 4) },
    'succeeded',
    1,
  ],
  [
    'whose success can be neither recorded nor told is sent again, and recorded then',
    {
      faults: [
        ...times('store.settleDeliveries', 'fails before', 1),
        { port: 'queue.send', call: 1, kind: 'fails before' },
      ],
    },
    'succeeded',
    2,
  ],
  [
    'whose claims fail until its message ends at the dead-letter queue is still pending, and swept (QUE-11)',
    { faults: times('store.claimDeliveries', 'fails before', 30) },
    'succeeded',
    1,
  ],
  [
    'that is given back for hours for want of its credential loses none of its attempts (CLA-13)',
    {
      deliveries: [{ script: ['accepts'], dueInSeconds: 0, hasCredential: true }],
      faults: times('credentials.resolve', 'fails before', 40),
      maxAttempts: 1,
    },
    'succeeded',
    1,
  ],
])('a delivery %s', async (_, plan, status, requests) => {
  const run = await runProtocol(accepting(plan), openFake());
  expect({ violations: run.violations, status: run.statuses, requests: run.requests }).toEqual({
    violations: [],
    status: [status],
    requests,
  });
});

it('workers whose clocks are years apart are of one mind about what is due and who holds it (CLA-08)', async () => {
  // Each process of the bench has a wall clock of its own, off by nothing, ten minutes or a year either way.
  for (let seed = 0; seed < 20; seed++) {
    const run = await runProtocol(
      accepting({ seed, faults: times('store.claimDeliveries', 'dies after', 1) }),
      openFake(),
    );
    expect([run.violations, run.statuses, run.requests]).toEqual([[], ['succeeded'], 1]);
  }
});
