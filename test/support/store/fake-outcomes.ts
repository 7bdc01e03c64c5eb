import { FAILURE_CLASSES } from '../../../shared/delivery/attempt-outcome.ts';
import type {
  EndedDelivery,
  Outcome,
  OutcomePage,
  Outcomes,
  WaitingOutcome,
} from '../../../shared/delivery/outcome.ts';
import { ANNOUNCE_DELIVERED_SECONDS, ANNOUNCE_SECONDS } from '../../../shared/runtime/limits.ts';
import type { FakeRow } from './fake-delivery-rules.ts';
import type { FakeEndpoint } from './fake-endpoints.ts';

export type FakeOutcome = { outcome: Outcome; dueMs: number };
/** An endpoint as it was when it went down, or just before it came up. */
export type FakeTurn = { became: 'down' | 'up'; endpoint: FakeEndpoint };

type Tables = { rows: ReadonlyMap<number, FakeRow>; outcomes: Map<number, FakeOutcome>; outcomesSoFar: number };
type Before = ReadonlyMap<number, Pick<FakeRow, 'status' | 'redeliveredBy'>>;
type NewOutcome = Outcome extends infer One ? (One extends Outcome ? Omit<One, 'id' | 'eventId'> : never) : never;

/** The outcomes of the fake store: a row for whatever has ended or turned, until it is announced. */
export class FakeOutcomes {
  readonly #tables: Tables;
  readonly #nowMs: () => number;
  readonly #rules: { outcomes: Outcomes };

  constructor(tables: Tables, nowMs: () => number, rules: { outcomes: Outcomes }) {
    this.#tables = tables;
    this.#nowMs = nowMs;
    this.#rules = rules;
  }

  /** What has ended since. `writer`: who is about to announce it. */
  ended(before: Before, writer: 'a worker' | 'nobody'): Outcome[] {
    return [...this.#tables.rows.values()].flatMap((row) => {
      const was = before.get(row.deliveryId);
      if (was === undefined || was.status === row.status || row.status === 'pending') return [];
      const wasDead = was.status === 'dead_letter' || was.redeliveredBy !== undefined;
      const type = row.status === 'dead_letter' ? 'dead_lettered' : wasDead ? 'recovered' : 'delivered';
      return this.#isWanted(type) ? [this.#add(endedOutcome(row, type, this.#nowMs()), writer)] : [];
    });
  }

  turned(turns: readonly FakeTurn[]): Outcome[] {
    if (this.#rules.outcomes === 'none') return [];
    return turns.map(({ became: type, endpoint }) => {
      const { failures, organizationId = 0, origin, scope, lastErrorClass: reason, outageId = '' } = endpoint;
      const { downSinceMs = this.#nowMs() } = endpoint;
      if (scope !== 'endpoint' && scope !== 'origin') throw new Error('nothing else is ever down');
      const happenedAtMs = this.#nowMs();
      const turned = { type, happenedAtMs, organizationId, origin, reason, scope, outageId, failures, downSinceMs };
      const outcome = { ...turned, ...(type === 'down' && { endpointKey: endpoint.key }) };
      return this.#add(outcome, 'a worker', type === 'down' ? outageId : undefined);
    });
  }

  list({ afterId = 0, pageRows }: OutcomePage): WaitingOutcome[] {
    return [...this.#tables.outcomes.values()]
      .filter(({ outcome, dueMs }) => outcome.id > afterId && dueMs <= this.#nowMs())
      .toSorted((a, b) => a.outcome.id - b.outcome.id)
      .slice(0, pageRows)
      .map(({ outcome }) => ({ outcome, ageSeconds: Math.floor((this.#nowMs() - outcome.happenedAtMs) / 1000) }));
  }

  clear(ids: readonly number[]): void {
    for (const id of ids) this.#tables.outcomes.delete(id);
  }

  #isWanted(type: EndedDelivery['type']): boolean {
    return this.#rules.outcomes === 'all' || (this.#rules.outcomes === 'failures' && type !== 'delivered');
  }

  #add(given: NewOutcome, writer: 'a worker' | 'nobody', eventId?: string): Outcome {
    const id = ++this.#tables.outcomesSoFar;
    const outcome: Outcome = { ...given, id, eventId: eventId ?? fakeUuid(id, 'e') };
    const seconds = given.type === 'delivered' ? ANNOUNCE_DELIVERED_SECONDS : ANNOUNCE_SECONDS;
    const dueMs = this.#nowMs() + (writer === 'nobody' ? 0 : seconds * 1000);
    this.#tables.outcomes.set(id, { outcome, dueMs });
    return outcome;
  }
}

let outages = 0;

/** Different at every call. */
export function freshOutageId(): string {
  return fakeUuid(++outages, 'f');
}

function fakeUuid(id: number, kind: 'e' | 'f'): string {
  return `${kind}0000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`;
}

function endedOutcome(row: FakeRow, type: EndedDelivery['type'], happenedAtMs: number) {
  const { deliveryId, deliveryUuid, workflowRunId, webhookNodeId, webhookName, organizationId } = row;
  return {
    type,
    happenedAtMs,
    organizationId,
    origin: new URL(row.endpointUrl).origin,
    reason: FAILURE_CLASSES.find((name) => name === row.deadLetterReason),
    deliveryId,
    deliveryUuid,
    workflowRunId,
    webhookNodeId,
    webhookName,
    lastStatusCode: row.lastStatusCode,
    attempts: row.attemptCount,
    createdAtMs: row.createdMs,
  };
}
