import {
  buryDeliveries,
  callHeldDeliveries,
  claimDeliveries,
  claimOrdinaryDeliveries,
  forgetEndpoints,
  releaseDeliveries,
  settleDeliveries,
  settleOrdinaryDeliveries,
} from '../../sql/compiled-queries.ts';

/** Those that have a say about endpoints. */
export const STATEMENTS = {
  buryDeliveries,
  callHeldDeliveries,
  claimDeliveries,
  claimOrdinaryDeliveries,
  forgetEndpoints,
  releaseDeliveries,
  settleDeliveries,
  settleOrdinaryDeliveries,
} as const;

/** A statement with one rule of endpoints taken out of it, and the case of the contract that must fail without the rule. */
export type SqlMutant = {
  statement: keyof typeof STATEMENTS;
  /** As it stands in the statement; every place where it does is changed. */
  from: string;
  to: string;
  fails: string;
};

const DOWN = 'an endpoint that is down';
const BACK = 'an endpoint that answers again';
const OLD = 'an attempt that began before its endpoint went down';
const SIDE = 'failures side by side';

export const SQL_MUTANTS: Readonly<Record<string, SqlMutant>> = {
  'a place outlives the lease of its claim': {
    statement: 'claimDeliveries',
    from: `where cast(s.value as double precision) > extract(epoch from i.now)`,
    to: 'where true',
    fails: `${DOWN} is not shut for ever by a probe whose worker died`,
  },
  'a claim takes no place': {
    statement: 'claimDeliveries',
    from: 'slots = case when r.has_slots then',
    to: 'slots = case when false then',
    fails: `${DOWN} lets one go at a time, when its probe is due, the one that was called first`,
  },
  'a probe goes before it is due': {
    statement: 'claimDeliveries',
    from: 'w.is_governed and e.not_before > i.now',
    to: 'false',
    fails: `${DOWN} lets one go at a time, when its probe is due, the one that was called first`,
  },
  'whoever just arrives comes before whoever was called': {
    statement: 'claimDeliveries',
    from: 'case when k.is_called then 0 else r.called end',
    to: '0',
    fails: `${DOWN} lets one go at a time, when its probe is due, the one that was called first`,
  },
  'what is held has no end': {
    statement: 'claimDeliveries',
    from: 'then h.since + make_interval(secs => greatest(cast(:hold_seconds as double precision) - h.seconds, 0))',
    to: `then c.now + interval '366 days' * greatest(cast(:hold_seconds as double precision), 1)`,
    fails: `${DOWN} holds what is due: no attempt, no claim, no message but the one that calls`,
  },
  'a message for each that is held': {
    statement: 'claimDeliveries',
    from: 'and row_number() over (partition by a.held_key order by coalesce(a.held_due_at, a.scheduled_for), a.id) = 1',
    to: '',
    fails: 'an endpoint that asks to wait holds all its deliveries until then, and counts no failure',
  },
  'the days of a hold begin anew at each probe': {
    statement: 'claimDeliveries',
    from: `d.held_seconds + case when d.held_for = 'down' then extract(epoch from t.now - d.held_since) else 0 end`,
    to: 'd.held_seconds',
    fails: `${DOWN} holds for so long and no longer: then the sweep ends it as endpoint_down, unless an operator holds it`,
  },
  'what an operator has stopped goes out': {
    statement: 'claimDeliveries',
    from: 'e.stopped_at is not null',
    to: 'false',
    fails: 'limits let nothing out of what an operator has stopped, and call nobody',
  },
  'no limit of what is in flight': {
    statement: 'claimDeliveries',
    from: 'coalesce(e.max_in_flight, cast(:max_in_flight as integer))',
    to: 'cast(:max_in_flight as integer)',
    fails: 'limits never let more be in flight than allowed, whoever dies',
  },
  'an endpoint without a row has no limit': {
    statement: 'claimDeliveries',
    from: `then 'unregistered'`,
    to: `then 'claimable'`,
    fails: 'limits of all endpoints give each its row',
  },
  'a place in the rate is not waited for': {
    statement: 'claimDeliveries',
    from: `when p.place_at > j.now + interval '1 s' then 'paced'`,
    to: `when false then 'paced'`,
    fails: 'limits of requests a second give each its place, a second ahead at most',
  },
  'a place in the rate is had twice': {
    statement: 'claimDeliveries',
    from: 'select max(p.place_at) + make_interval(secs => 1 / max(p.per_second)) from paced p',
    to: 'select max(p.place_at) from paced p',
    fails: 'limits of requests a second give each its place, a second ahead at most',
  },
  'an endpoint in trouble is taken for ordinary by a claim': {
    statement: 'claimOrdinaryDeliveries',
    from: 'e on e.key = k.key',
    to: 'e on false',
    fails: `${DOWN} holds what is due: no attempt, no claim, no message but the one that calls`,
  },
  'an endpoint in trouble is taken for ordinary by a success': {
    statement: 'settleOrdinaryDeliveries',
    from: 'e on e.key = k.key',
    to: 'e on false',
    fails: `${BACK} comes up by the answer of its probe, and calls out two for each success`,
  },
  'failures are not counted in a row': {
    statement: 'settleDeliveries',
    from: 'case when c.answers > 0 then 0 else c.failures + c.new_failures end as failures',
    to: 'c.failures + c.new_failures as failures',
    fails: 'an endpoint counts failures in a row, and is forgotten at the first answer',
  },
  'down one failure late': {
    statement: 'settleDeliveries',
    from: '>= i.down_after',
    to: '> i.down_after',
    fails: 'an endpoint goes down once, by failures of any of its deliveries, and says so',
  },
  'what the network does counts for the path': {
    statement: 'settleDeliveries',
    from: 'else s.origin_effect',
    to: 'else s.endpoint_effect',
    fails: 'an endpoint that cannot be reached takes all URLs of its origin down, once',
  },
  'attempts that are used up tell nothing of a new endpoint': {
    statement: 'settleDeliveries',
    from: 'b.failures >= i.down_after or b.trips',
    to: 'b.failures >= i.down_after',
    fails: 'an endpoint is down as soon as a delivery has used up its attempts and nothing else came since',
  },
  'attempts that are used up tell nothing of an endpoint': {
    statement: 'settleDeliveries',
    from: 'end >= i.down_after or c.trips',
    to: 'end >= i.down_after',
    fails:
      'a delivery that has used up its attempts takes its endpoint down if nothing but failures came since its first',
  },
  'attempts that are used up take down what has answered since': {
    statement: 'settleDeliveries',
    from: '>= e.failing_since',
    to: `>= '-infinity'`,
    fails: 'a delivery that has used up its attempts does not if its endpoint has answered anybody since',
  },
  'the last attempt is charged although its endpoint is down': {
    statement: 'settleDeliveries',
    from: `cast(:exhausted as text) = 'hold'`,
    to: `cast(:exhausted as text) = 'never'`,
    fails: `${DOWN} ends a delivery that has used up its attempts as ever, or holds it where that is set`,
  },
  'a probe uses up an attempt': {
    statement: 'settleDeliveries',
    from: `when b.kind <> 'succeeded' and b.is_probe and (b.kind = 'retry' or b.exhausted) then 1`,
    to: `when false then 1`,
    fails: `${DOWN} charges its probes to nobody, and probes at the delays of the policy`,
  },
  'nobody is called for the first probe': {
    statement: 'settleDeliveries',
    from: 'r.room > 0 and row_number() over (partition by b.down_key order by b.id) = 1',
    to: 'false',
    fails: 'an endpoint goes down once, by failures of any of its deliveries, and says so',
  },
  'a receiver that asks for time gets none': {
    statement: 'settleDeliveries',
    from: 'case when b.wait_seconds > 0 then i.now',
    to: 'case when false then i.now',
    fails: 'an endpoint that asks to wait holds all its deliveries until then, and counts no failure',
  },
  'everything is released at once': {
    statement: 'settleDeliveries',
    from: 'when c.down_since is not null then 2',
    to: 'when c.down_since is not null then 1000',
    fails: `${BACK} comes up by the answer of its probe, and calls out two for each success`,
  },
  'recovery does not grow': {
    statement: 'settleDeliveries',
    from: 'least(c.in_flight_window + c.answers, 1000)',
    to: 'c.in_flight_window',
    fails: `${BACK} calls the next four when the two have arrived`,
  },
  'what a dead worker left is never called': {
    statement: 'settleDeliveries',
    from: 'and (d.lease_expires_at is null or d.lease_expires_at <= r.now)',
    to: 'and d.lease_expires_at is null',
    fails: `${BACK} calls what a dead worker left and the endpoint has held since, too`,
  },
  'a healthy endpoint keeps its row': {
    statement: 'settleDeliveries',
    from: 'where e.key = t.key and t.key in (select key from recovered)',
    to: 'where false and e.key = t.key',
    fails: `${BACK} has its row forgotten when nothing is held any more`,
  },
  'an endpoint with limits recovers for ever': {
    statement: 'settleDeliveries',
    from: 'in_flight_window = case when t.key not in (select key from recovered) then t.window_now end',
    to: 'in_flight_window = t.window_now',
    fails: 'an endpoint with limits that has recovered is as it was before, and keeps its limits',
  },
  'what began before the endpoint went down is heard': {
    statement: 'settleDeliveries',
    from: 'coalesce(k.claimed_at > e.went_down_at, true)',
    to: 'true',
    fails: `${OLD} is no probe, although it has a place, and puts off none`,
  },
  'what began before the endpoint went down puts its probe off': {
    statement: 'settleDeliveries',
    from: 'count(*) filter (where h.has_slot and h.is_heard) as probes',
    to: 'count(*) filter (where h.has_slot) as probes',
    fails: `${OLD} is no probe, although it has a place, and puts off none`,
  },
  'what began before the endpoint went down is a probe': {
    statement: 'settleDeliveries',
    from: 'coalesce(k.claimed_at > t.went_down_at, true)',
    to: 'true',
    fails: `${OLD} is no probe, although it has a place, and puts off none`,
  },
  'an endpoint that is up is forgotten while old attempts are under way': {
    statement: 'settleDeliveries',
    from: 't.went_down_at is null\n',
    to: 'true\n',
    fails: `${OLD} does not count once it is up again, either, and it is not forgotten before`,
  },
  'whoever has no place is heard': {
    statement: 'settleDeliveries',
    from: 'and (e.in_flight_window is null or jsonb_exists(e.slots, cast(k.token as text))) as is_heard',
    to: 'as is_heard',
    fails: 'an attempt without a place is not heard while its endpoint has been asked to wait',
  },
  'what is told after the end of its lease is heard': {
    statement: 'settleDeliveries',
    from: `when s.lease_expires_at <= s.now then 'none'`,
    to: '',
    fails: 'an outcome that is told after the end of its lease says nothing of its endpoint',
  },
  'a burst is so many failures one after the other': {
    statement: 'settleDeliveries',
    from: 'cast(c.comes_after as integer)',
    to: '1',
    fails: `${SIDE} are told from failures in a row however they are recorded`,
  },
  'failures one after the other are a burst': {
    statement: 'settleDeliveries',
    from: 'cast(c.comes_after as integer)',
    to: '0',
    fails: `${SIDE} come after the one before if they began after it was recorded`,
  },
  'a burst slows a recovery down for each of its failures': {
    statement: 'settleDeliveries',
    from: 'when c.comes_after or c.waits > 0 then',
    to: 'when c.new_failures + c.waits > 0 then',
    fails: `${SIDE} of an endpoint that recovers slow it down once, and it is down after so many of them one after the other`,
  },
  'a burst ends a recovery': {
    statement: 'settleDeliveries',
    from: 'case when c.in_flight_window is null then f.failures else f.failures_in_turn end',
    to: 'f.failures',
    fails: `${SIDE} of an endpoint that recovers slow it down once, and it is down after so many of them one after the other`,
  },
  'a release keeps its place': {
    statement: 'releaseDeliveries',
    from: `set slots = e.slots - (select array_agg(cast(j.token as text)) from judged j where j.verdict in ('released', 'buried'))`,
    to: 'set slots = e.slots',
    fails: 'a place is free again once its attempt is given back',
  },
  'nothing ends however long it is held': {
    statement: 'buryDeliveries',
    from: `or d.held_for = 'down' and exists (`,
    to: `or false and exists (`,
    fails: `${DOWN} holds for so long and no longer: then the sweep ends it as endpoint_down, unless an operator holds it`,
  },
  'what an operator holds is ended': {
    statement: 'buryDeliveries',
    from: 'where s.stopped_at is not null',
    to: 'where false',
    fails: `${DOWN} holds for so long and no longer: then the sweep ends it as endpoint_down, unless an operator holds it`,
  },
  'a delivery ends before anybody could ask its endpoint': {
    statement: 'buryDeliveries',
    from: 'and e.not_before > d.scheduled_for',
    to: '',
    fails: 'an endpoint that nobody could probe ends nothing, however long, before a probe has failed: it may be back',
  },
  'the sweep calls nobody': {
    statement: 'callHeldDeliveries',
    from: 'limit greatest(r.room, 0)',
    to: 'limit 0',
    fails: 'the sweep calls the next probe where its message was lost',
  },
  'the sweep leaves what a dead worker left': {
    statement: 'callHeldDeliveries',
    from: 'and (d.lease_expires_at is null or d.lease_expires_at <= i.now)',
    to: 'and d.lease_expires_at is null',
    fails: 'the sweep lets go what a dead worker left, too',
  },
  'endpoints that fail are kept for ever': {
    statement: 'forgetEndpoints',
    from: 'or coalesce(e.last_failed_at, e.created_at) <= i.now - make_interval(secs => cast(:idle_seconds as double precision))',
    to: 'or cast(:idle_seconds as double precision) < 0',
    fails: 'the sweep measures, and forgets what has not failed for a week',
  },
  'the sweep forgets an endpoint while old attempts are under way': {
    statement: 'forgetEndpoints',
    from: 'and coalesce(e.went_down_at <= i.now - make_interval(secs => cast(:lease_seconds as double precision)), true)',
    to: 'and cast(:lease_seconds as double precision) > 0',
    fails: `${OLD} keeps no endpoint in the table for longer than any attempt lasts`,
  },
};
