import type { Outcome } from '../delivery/outcome.ts';
import type { CallLimit } from '../delivery/store-answers.ts';

/** Where outcomes are announced. An event may be put twice. */
export type OutcomeBus = {
  /**
   * Puts an event for each outcome, in order. Never rejects. It returns those whose event the bus did not take (and which may have
   * been put after all), and why in the bus's own name for it. After a call in which nothing was taken it does not go on.
   */
  put(outcomes: readonly Outcome[], limit: CallLimit): Promise<{ unput: Outcome[]; because?: string }>;
};
