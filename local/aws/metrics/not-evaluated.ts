/** An expression or a statistic that CloudWatch has but that is not computed here. The message names it, for people. */
export class NotEvaluated extends Error {
  readonly code = 'NotEvaluated';
  override readonly name = 'NotEvaluated';
}
