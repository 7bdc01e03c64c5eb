import type { Mutations } from './mutation.ts';

const CONTRACT = 'test/contracts/endpoint-contract.ts';
const NEWS = 'test/contracts/endpoint-news-contract.ts';
const ORDERS = 'test/contracts/endpoint-orders-contract.ts';
const SCENES = 'test/end-to-end/endpoints.test.ts';
const ORDERED = 'test/shared/operate/endpoint-orders.test.ts';
const CLAIM = 'sql/queries/claim_deliveries.sql';
const SETTLE = 'sql/queries/settle_deliveries.sql';
const CHANGE = 'shared/operate/change-endpoint.ts';

/** Of *Endpoints*; most are rules taken out of a statement, as `endpoint-mutants.ts` has them. */
export const ENDPOINTS: Mutations = {
  'END-01': [
    {
      in: 'sql/queries/claim_ordinary_deliveries.sql',
      from: 'e on e.key = k.key',
      to: 'e on false',
      fails: [
        { shownBy: CONTRACT, title: 'holds what is due: no attempt, no claim, no message but the one that calls' },
      ],
    },
    {
      in: SETTLE,
      from: `when b.kind <> 'succeeded' and b.is_probe and (b.kind = 'retry' or b.exhausted) then 1`,
      to: 'when false then 1',
      fails: [{ shownBy: CONTRACT, title: 'charges its probes to nobody, and probes at the delays of the policy' }],
    },
    {
      in: SETTLE,
      from: 'case when c.answers > 0 then 0 else c.failures + c.new_failures end as failures',
      to: 'c.failures + c.new_failures as failures',
      fails: [{ shownBy: CONTRACT, title: 'counts failures in a row, and is forgotten at the first answer' }],
    },
  ],
  'END-02': [
    {
      in: CLAIM,
      from: `from jsonb_each_text(e.slots) s
    where cast(s.value as double precision) > extract(epoch from i.now)
  ) f
  where`,
      to: `from jsonb_each_text(e.slots) s
  ) f
  where`,
      also: [
        {
          in: 'sql/queries/claim_deliveries.sql',
          from: `from jsonb_each_text(e.slots) s
    where cast(s.value as double precision) > extract(epoch from i.now)
  ) f
)`,
          to: `from jsonb_each_text(e.slots) s
  ) f
)`,
        },
      ],
      fails: [{ shownBy: CONTRACT, title: 'is not shut for ever by a probe whose worker died' }],
    },
  ],
  'END-03': [
    {
      in: 'sql/queries/call_held_deliveries.sql',
      from: 'limit greatest(r.room, 0)',
      to: 'limit 0',
      fails: [{ shownBy: CONTRACT, title: 'calls the next probe where its message was lost' }],
    },
  ],
  'END-04': [
    {
      in: SETTLE,
      from: `coalesce(k.claimed_at > e.went_down_at, true)
          and (e.in_flight_window is null or jsonb_exists(e.slots, cast(k.token as text))) as is_heard`,
      to: 'true as is_heard',
      fails: [{ shownBy: CONTRACT, title: 'does not count what began before it went down and ends after it' }],
    },
    {
      in: SETTLE,
      from: 'coalesce(k.claimed_at > t.went_down_at, true)',
      to: 'true',
      fails: [{ shownBy: NEWS, title: 'is no probe, although it has a place, and puts off none' }],
    },
    {
      in: SETTLE,
      from: `t.went_down_at is null
`,
      to: `true
`,
      fails: [{ shownBy: NEWS, title: 'does not count once it is up again, either, and it is not forgotten before' }],
    },
  ],
  'END-05': [
    {
      in: SETTLE,
      from: 'when c.down_since is not null then 2',
      to: 'when c.down_since is not null then 1000',
      fails: [{ shownBy: CONTRACT, title: 'comes up by the answer of its probe, and calls out two for each success' }],
    },
    {
      in: SETTLE,
      from: 'least(c.in_flight_window + c.answers, 1000)',
      to: 'c.in_flight_window',
      fails: [{ shownBy: CONTRACT, title: 'calls the next four when the two have arrived' }],
    },
  ],
  'END-06': [
    {
      in: SETTLE,
      from: 'else s.origin_effect',
      to: 'else s.endpoint_effect',
      fails: [{ shownBy: CONTRACT, title: 'that cannot be reached takes all URLs of its origin down, once' }],
    },
  ],
  'END-07': [
    {
      in: 'sql/queries/forget_endpoints.sql',
      from: 'or coalesce(e.last_failed_at, e.created_at) <= i.now - make_interval(secs => cast(:idle_seconds as double precision))',
      to: 'or cast(:idle_seconds as double precision) < 0',
      fails: [{ shownBy: CONTRACT, title: 'measures, and forgets what has not failed for a week' }],
    },
    {
      in: SETTLE,
      from: 'where e.key = t.key and t.key in (select key from recovered)',
      to: 'where false and e.key = t.key',
      fails: [{ shownBy: CONTRACT, title: 'has its row forgotten when nothing is held any more' }],
    },
  ],
  'END-08': [
    {
      in: SETTLE,
      from: 'case when b.wait_seconds > 0 then i.now',
      to: 'case when false then i.now',
      fails: [
        { shownBy: CONTRACT, title: 'holds all its deliveries until then, and counts no failure' },
        {
          shownBy: SCENES,
          title: 'an endpoint that asks to wait gets nothing meanwhile, and what waited arrives with its first attempt',
        },
      ],
    },
  ],
  'END-09': [
    {
      in: 'sql/queries/bury_deliveries.sql',
      from: `or d.held_for = 'down' and exists (`,
      to: 'or false and exists (',
      fails: [
        {
          shownBy: CONTRACT,
          title:
            'holds for so long and no longer: then the sweep ends it as endpoint_down, unless an operator holds it',
        },
      ],
    },
    {
      in: 'sql/queries/bury_deliveries.sql',
      from: 'where s.stopped_at is not null',
      to: 'where false',
      fails: [
        {
          shownBy: CONTRACT,
          title:
            'holds for so long and no longer: then the sweep ends it as endpoint_down, unless an operator holds it',
        },
      ],
    },
  ],
  'END-10': [
    {
      in: CLAIM,
      from: `      when e.stopped_at is not null then 'stopped'
      when w.is_governed and e.not_before > i.now then case when e.down_since is null then 'waiting' else 'down' end
      when f.taken`,
      to: `      when w.is_governed and e.not_before > i.now then case when e.down_since is null then 'waiting' else 'down' end
      when f.taken`,
      also: [
        {
          in: 'sql/queries/claim_deliveries.sql',
          from: `      when e.stopped_at is not null then 'stopped'
      when w.is_governed and e.not_before > i.now then case when e.down_since is null then 'waiting' else 'down' end
      when not w`,
          to: `      when w.is_governed and e.not_before > i.now then case when e.down_since is null then 'waiting' else 'down' end
      when not w`,
        },
        {
          in: 'sql/queries/claim_deliveries.sql',
          from: 'case when e.stopped_at is not null or w.is_governed',
          to: 'case when w.is_governed',
        },
      ],
      fails: [{ shownBy: ORDERS, title: 'keeps back what it covers and nothing else, until it is resumed' }],
    },
    {
      in: 'sql/queries/change_endpoint.sql',
      from: `case cast(:action as text) when 'hold' then cast(:note as text) end,`,
      to: 'null,',
      fails: [
        {
          shownBy: SCENES,
          title: 'what an operator holds gets nothing, is told, and goes out by itself once it is resumed',
        },
      ],
    },
  ],
  'END-11': [
    {
      in: CHANGE,
      from: `if (change.action !== 'hold') {`,
      to: `if (change.action !== 'hold' && differs) {`,
      fails: [{ shownBy: ORDERED, title: 'a resume that died before its messages sends them when it comes again' }],
    },
  ],
  'END-12': [
    {
      in: SETTLE,
      from: 'and (d.lease_expires_at is null or d.lease_expires_at <= r.now)',
      to: 'and d.lease_expires_at is null',
      fails: [{ shownBy: CONTRACT, title: 'calls what a dead worker left and the endpoint has held since, too' }],
    },
  ],
  'END-13': [
    {
      in: SETTLE,
      from: 'cast(c.comes_after as integer)',
      to: '1',
      fails: [{ shownBy: NEWS, title: 'are told from failures in a row however they are recorded' }],
    },
  ],
  'END-14': [
    {
      in: 'sql/queries/bury_deliveries.sql',
      from: 'and e.not_before > d.scheduled_for',
      to: '',
      fails: [
        {
          shownBy: NEWS,
          title:
            'an endpoint that nobody could probe ends nothing, however long, before a probe has failed: it may be back',
        },
      ],
    },
  ],
  'END-15': [
    {
      in: SETTLE,
      from: 'when c.comes_after or c.waits > 0 then',
      to: 'when c.new_failures + c.waits > 0 then',
      fails: [{ shownBy: NEWS, title: 'slow it down once, and it is down after so many of them one after the other' }],
    },
    {
      in: SETTLE,
      from: 'case when c.in_flight_window is null then f.failures else f.failures_in_turn end',
      to: 'f.failures',
      fails: [{ shownBy: NEWS, title: 'slow it down once, and it is down after so many of them one after the other' }],
    },
  ],
  'END-16': [
    {
      in: SETTLE,
      from: `cast(:exhausted as text) = 'hold'`,
      to: `cast(:exhausted as text) = 'never'`,
      fails: [
        {
          shownBy: CONTRACT,
          title: 'ends a delivery that has used up its attempts as ever, or holds it where that is set',
        },
      ],
    },
    {
      in: 'shared/endpoints/endpoint-policy.ts',
      from: `    ...policy,
    leaseSeconds`,
      to: `    ...policy,
    exhausted: 'dead_letter',
    leaseSeconds`,
      fails: [
        { shownBy: 'test/protocol/outages.test.ts', title: 'costs none of them with WEBHOOK_ENDPOINT_EXHAUSTED=hold' },
      ],
    },
  ],
};
