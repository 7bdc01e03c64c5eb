import type { OutcomePage, WaitingOutcome } from '../delivery/outcome.ts';
import type { CallLimit } from '../delivery/store-answers.ts';

/** Outcomes that have not been announced. Every method is safe to run twice. Rejects with StoreUnavailable. */
export type OutcomeStore = {
  /** One page of those that their worker did not announce in time, or that have none. */
  listOutcomes(page: OutcomePage): Promise<WaitingOutcome[]>;
  /** They have been announced. */
  clearOutcomes(ids: readonly number[], limit?: CallLimit): Promise<void>;
};
