import type { Mutations } from './mutation.ts';

const ANNOUNCER = 'test/shared/outcomes/announcer.test.ts';
const WAITING = 'test/shared/outcomes/announce-waiting.test.ts';
const BUS = 'test/shared/aws/event-bridge-bus.test.ts';
const CONTRACT = 'test/contracts/outcomes-contract.ts';
const SETTLE = 'sql/queries/settle_deliveries.sql';
const ANNOUNCE = 'shared/outcomes/announcer.ts';
const WAITS = 'shared/outcomes/announce-waiting.ts';
const PUTS = 'shared/aws/event-bridge-bus.ts';

/** Of *Outcomes*. */
export const OUTCOMES: Mutations = {
  'OUT-01': [
    {
      in: WAITS,
      from: 'const { put, left, because } = await putPage(page, parts, stopAtMonotonicMs);',
      to: 'const { put, left, because } = await putPage([], parts, stopAtMonotonicMs);',
      fails: [
        {
          shownBy: 'test/protocol/crash-at-every-step.test.ts',
          title: 'keeps every invariant whatever becomes of any one call',
        },
      ],
    },
  ],
  'OUT-02': [
    {
      in: ANNOUNCE,
      from: 'const put = outcomes.filter((outcome) => !unput.includes(outcome));',
      to: 'const put = [...outcomes];',
      fails: [
        {
          shownBy: ANNOUNCER,
          title: 'whose bus refuses ends as it would without one, and its outcomes are left to the sweep',
        },
      ],
    },
    {
      in: WAITS,
      from: 'if (put.length > 0) await store.clearOutcomes(put.map(',
      to: 'await store.clearOutcomes(page.map(',
      fails: [
        { shownBy: WAITING, title: 'asks a bus that takes nothing once, and announces everything when it is back' },
      ],
    },
    {
      in: PUTS,
      from: 'return { unput: [...outcomes], because: errorName(error) };',
      to: 'return { unput: [], because: errorName(error) };',
      fails: [
        { shownBy: BUS, title: 'does not go on after a call in which nothing was taken, and says by its name why' },
      ],
    },
  ],
  'OUT-03': [
    {
      in: ANNOUNCE,
      from: 'const PUT_MS = 1_000;',
      to: 'const PUT_MS = 2_000;',
      fails: [
        {
          shownBy: ANNOUNCER,
          title: 'whose bus never answers waits a second for it, and the next ones not at all for a minute',
        },
      ],
    },
    {
      in: ANNOUNCE,
      from: 'const QUIET_MS = 60_000;',
      to: 'const QUIET_MS = 90_000;',
      fails: [
        {
          shownBy: ANNOUNCER,
          title: 'whose bus never answers waits a second for it, and the next ones not at all for a minute',
        },
      ],
    },
    {
      in: PUTS,
      from: 'timedTry(clock, untilMonotonicMs - clock.monotonicMs(),',
      to: 'timedTry(clock, 60_000,',
      fails: [{ shownBy: BUS, title: 'waits no longer than it may for a bus that does not answer' }],
    },
  ],
  'OUT-04': [
    {
      in: WAITS,
      from: 'const isLeft = ({ outcome }: WaitingOutcome) => unput.includes(outcome);',
      to: 'const isLeft = (_: WaitingOutcome) => unput.length > 0;',
      fails: [
        {
          shownBy: WAITING,
          title: 'goes on behind an outcome that the bus does not take, and tells how long it has waited',
        },
      ],
    },
    {
      in: PUTS,
      from: 'outcomes.filter((_, index) => codes[index] !== undefined)',
      to: 'because === undefined ? [] : [...outcomes]',
      fails: [{ shownBy: BUS, title: 'tells which entries an answer of 200 refuses, and goes on with the others' }],
    },
  ],
  'OUT-05': [
    {
      in: ANNOUNCE,
      from: `      this.giveBack(announced);
      log.error`,
      to: '      log.error',
      fails: [
        { shownBy: ANNOUNCER, title: 'keeps what it could not have removed for the next statement, and says so' },
      ],
    },
    {
      in: WAITS,
      from: 'const page = await store.listOutcomes({ afterId, pageRows: SWEEP_PAGE_ROWS });',
      to: 'const page = (await store.listOutcomes({ afterId, pageRows: SWEEP_PAGE_ROWS })).map((one) => ({ ...one, outcome: { ...one.outcome, eventId: globalThis.crypto.randomUUID() } }));',
      fails: [
        {
          shownBy: WAITING,
          title: 'repeats an outcome under the same event id where it could not note that it was announced',
        },
      ],
    },
  ],
  'OUT-06': [
    {
      in: SETTLE,
      from: `        when b.was_dead then 'recovered'
`,
      to: '',
      fails: [
        { shownBy: CONTRACT, title: 'that died, was redelivered and arrived is two: each has an event id of its own' },
      ],
    },
  ],
  'OUT-07': [
    {
      in: 'sql/queries/list_outcomes.sql',
      from: 'and o.id > coalesce(cast(:after_id as bigint), 0)',
      to: `and o.id > coalesce(cast(:after_id as bigint), 0)
  and (o.delivery_id is null or exists (select from {surehook}.webhook_deliveries d where d.id = o.delivery_id))`,
      fails: [{ shownBy: CONTRACT, title: 'stays what it was, whatever becomes of its row' }],
    },
  ],
  'OUT-08': [
    {
      in: SETTLE,
      from: 'join begun g on g.key = b.key and g.outage_id = b.outage_id',
      to: 'join begun g on g.key = b.key',
      fails: [
        {
          shownBy: 'test/shared/aws/outcomes-at-once.test.ts',
          title: 'workers that find an endpoint down at the same instant tell it once',
        },
      ],
    },
  ],
  'OUT-09': [
    {
      in: 'infra/outcomes.ts',
      from: `      detail: { service: [serviceNameOf(scope)] },
`,
      to: '',
      fails: [{ shownBy: 'test/infra/outcomes.test.ts', title: 'tells two constructs on one bus apart' }],
    },
  ],
  'OUT-10': [
    {
      in: WAITS,
      from: `if (page.length === 0 || outcomes === 'none') return`,
      to: 'if (page.length === 0) return',
      fails: [{ shownBy: WAITING, title: 'forgets what nobody wants, and puts nothing' }],
    },
  ],
};
