import type {
  BuriedDelivery,
  CallLimit,
  Claim,
  ClaimAnswer,
  Release,
  ReleaseAnswer,
  Settled,
  SettledAttempt,
  StepInOrder,
  SweepPage,
} from '../delivery/store-answers.ts';
import type { OrderingStore } from '../delivery/next-in-order.ts';
import type { OutcomeStore } from '../outcomes/outcome-store.ts';

/**
 * The truth about deliveries, as a worker needs it. Every method is safe to run twice with the same arguments, concurrently
 * with any other. It rejects with StoreUnavailable when the database does not answer in time: then its effect is unknown.
 * If somebody else has locked a row, or the database refuses to change it, that is an answer about that row alone.
 */
export type DeliverStore = Pick<OutcomeStore, 'clearOutcomes'> &
  OrderingStore & {
    /** Leases what is due for `leaseSeconds`; ids must be distinct. One answer per claim. */
    claimDeliveries(claims: readonly Claim[], leaseSeconds: number, limit: CallLimit): Promise<ClaimAnswer[]>;
    /**
     * Records outcomes, fenced by their tokens, and what they say of endpoints; ids must be distinct. One answer per settlement.
     * `announced`: ids of outcomes that have been, and whose rows go.
     */
    settleDeliveries(
      settlements: readonly SettledAttempt[],
      limit: CallLimit,
      announced?: readonly number[],
    ): Promise<Settled>;
    /**
     * Records a success and leases the next delivery of its ordering key, in one. Undefined: it is no ordinary case, and nothing is done,
     * or it was done before; then the two above are asked with the same tokens. Rejects as they do.
     */
    goOnInOrder(step: StepInOrder, leaseSeconds: number, limit: CallLimit): Promise<ClaimAnswer | undefined>;
    /** Gives attempts back, fenced by their tokens. One answer per release. */
    releaseDeliveries(releases: readonly Release[], limit: CallLimit): Promise<ReleaseAnswer[]>;
    /** Records the outcome of an attempt whose settlement was refused; false when the token is not the row's. */
    noteAttempt(settled: SettledAttempt, limit: CallLimit): Promise<boolean>;
    /** Ends one page of deliveries that cannot go on: their last attempt never reported, or no message can name them. */
    buryDeliveries(page: SweepPage, limit?: CallLimit): Promise<BuriedDelivery[]>;
  };
