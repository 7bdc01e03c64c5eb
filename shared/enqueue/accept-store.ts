import type { AcceptAnswer, CallLimit, NewDelivery } from '../delivery/store-answers.ts';

/** The truth about deliveries, as enqueue needs it. */
export type AcceptStore = {
  /**
   * Gets or creates, one answer per delivery in order; one that the database refuses costs the others nothing. Safe to run
   * twice with the same arguments, side by side with any other; rejects with StoreUnavailable when the database could not
   * be asked in time: then its effect is unknown.
   */
  acceptDeliveries(
    deliveries: readonly NewDelivery[],
    unknownRuns: UnknownRuns,
    limit: CallLimit,
  ): Promise<AcceptAnswer[]>;
};

/** What becomes of a delivery whose run nobody has recorded: the first one records whose it is, or none is taken. */
export type UnknownRuns = 'register' | 'refuse';
