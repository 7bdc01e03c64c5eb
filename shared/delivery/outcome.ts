import type { FailureClass } from './attempt-outcome.ts';

/** The source of every event, by which rules and policies know them. */
export const OUTCOME_SOURCE = 'surehook';

/** What became of a delivery or an endpoint, by the name that its event has. */
export const OUTCOME_TYPES = {
  delivered: 'Webhook Delivered',
  dead_lettered: 'Webhook Dead-Lettered',
  /** A dead letter that was delivered after all. */
  recovered: 'Webhook Recovered',
  down: 'Endpoint Down',
  up: 'Endpoint Up',
} as const;
type OutcomeType = keyof typeof OUTCOME_TYPES;
export type OutcomeName = (typeof OUTCOME_TYPES)[OutcomeType];

/** Which outcomes are announced: all but `Webhook Delivered`, all, or none. */
export const OUTCOMES = ['failures', 'all', 'none'] as const;
export type Outcomes = (typeof OUTCOMES)[number];

/** An outcome as the database keeps it until it is announced. */
export type Outcome = {
  /** Of its row: what is announced is removed by it. */
  id: number;
  /** The same in every repeat of the event. */
  eventId: string;
  happenedAtMs: number;
  organizationId: number;
  /** Scheme, host and port; undefined where the URL of a row has none. */
  origin: string | undefined;
  /** Why a delivery died, or what was last wrong with an endpoint. */
  reason: FailureClass | undefined;
} & (EndedDelivery | TurnedEndpoint);

export type EndedDelivery = {
  type: 'delivered' | 'dead_lettered' | 'recovered';
  deliveryId: number;
  deliveryUuid: string;
  workflowRunId: number;
  webhookNodeId: string;
  webhookName: string | undefined;
  lastStatusCode: number | undefined;
  attempts: number;
  createdAtMs: number;
};

type TurnedEndpoint = {
  type: 'down' | 'up';
  /** One URL without its query, or the whole origin: the network does not lead there. */
  scope: 'endpoint' | 'origin';
  /** The same when it goes down and when it comes up. */
  outageId: string;
  /** By which operators hold or limit it. Only of one that went down, and as long as it is. */
  endpointKey?: string;
  /** In a row, so far; 0 once it has answered. */
  failures: number;
  downSinceMs: number;
};

/** One page of what waits to be announced, in the order in which it happened. */
export type OutcomePage = { afterId: number | undefined; pageRows: number };

/** `ageSeconds`: since it happened. */
export type WaitingOutcome = { outcome: Outcome; ageSeconds: number };
