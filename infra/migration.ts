import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Trigger } from 'aws-cdk-lib/triggers';
import type { Construct } from 'constructs';

/** The provider gives up a little later than the function, so that the function's own message is what gets reported. */
const ANSWER_MARGIN_SECONDS = 30;

/**
 * Runs the migrations during a deployment, and again whenever migrate's bundle changes, because the bundle holds them.
 * `executeAfter` must exist first; whatever uses the tables waits for the migrations, so that new code never meets an old schema.
 */
export function migrateAtDeploy(
  migrate: LambdaFunction,
  options: { timeoutSeconds: number; executeAfter: Construct[]; executeBefore: Construct[] },
): Trigger {
  const { timeoutSeconds, executeAfter, executeBefore } = options;
  // The provider that waits for it is CDK's own and keeps to CDK's role: the managed policy for logs, and the right to
  // invoke `<migrate>:*`, since each deployment invokes a version whose number nobody knows before.
  return new Trigger(migrate, 'AtDeploy', {
    handler: migrate,
    timeout: Duration.seconds(timeoutSeconds + ANSWER_MARGIN_SECONDS),
    executeAfter,
    executeBefore,
  });
}
