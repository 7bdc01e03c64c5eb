import type {
  BuriedDelivery,
  CallLimit,
  Claim,
  ClaimAnswer,
  Release,
  ReleaseAnswer,
  SettleAnswer,
  SettledAttempt,
} from '../delivery/delivery-store.ts';

/**
 * The truth about deliveries, as a worker needs it. Every method is safe to run twice with the same arguments, side by side
 * with any other, and rejects with StoreUnavailable when the database could not be asked in time: then its effect is unknown.
 */
export type DeliverStore = {
  /** Leases what is due for `leaseSeconds`; ids must be distinct. One answer per claim. */
  claimDeliveries(claims: readonly Claim[], leaseSeconds: number, limit: CallLimit): Promise<ClaimAnswer[]>;
  /** Records outcomes, fenced by their tokens. One answer per settlement. */
  settleDeliveries(settlements: readonly SettledAttempt[], limit: CallLimit): Promise<SettleAnswer[]>;
  /** Gives attempts back, fenced by their tokens. One answer per release. */
  releaseDeliveries(releases: readonly Release[], limit: CallLimit): Promise<ReleaseAnswer[]>;
  /** Buries one page of deliveries whose last attempt never reported. */
  buryDeliveries(pageRows: number, limit?: CallLimit): Promise<BuriedDelivery[]>;
};
