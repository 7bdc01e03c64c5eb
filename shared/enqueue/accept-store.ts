import type { AcceptAnswer, CallLimit, NewDelivery } from '../delivery/store-answers.ts';

/** The truth about deliveries, as enqueue needs it. */
export type AcceptStore = {
  /**
   * Gets or creates deliveries, one answer each, in order. If the database refuses one, the others are not affected. Safe to
   * run twice with the same arguments, concurrently with any other. Rejects with StoreUnavailable when the database does not
   * answer in time: then its effect is unknown.
   */
  acceptDeliveries(
    deliveries: readonly NewDelivery[],
    unknownRuns: UnknownRuns,
    limit: CallLimit,
  ): Promise<AcceptAnswer[]>;
};

/** Deliveries of an unknown run: the first one records which organization the run belongs to, or all are refused. */
export type UnknownRuns = 'register' | 'refuse';
