import { Duration } from 'aws-cdk-lib';
import { Policy } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Trigger } from 'aws-cdk-lib/triggers';
import type { Construct } from 'constructs';
import { type Database, transactionStatements } from './database.ts';

/** The provider gives up a little later than the function, so that the function's own message is what gets reported. */
const ANSWER_MARGIN_SECONDS = 30;

/**
 * Runs the migrations during a deployment, and again whenever migrate's bundle changes, because the bundle holds them.
 * The database must exist first; whatever uses the tables waits for the migrations, so that new code never meets an old schema.
 */
export function migrateAtDeploy(
  migrate: LambdaFunction,
  options: { timeoutSeconds: number; database: Database; executeBefore: Construct[] },
): Trigger {
  const { timeoutSeconds, database, executeBefore } = options;
  // The provider that waits for it is CDK's own and keeps to CDK's role: the managed policy for logs, and the right to
  // invoke `<migrate>:*`, since each deployment invokes a version whose number nobody knows before.
  const trigger = new Trigger(migrate, 'AtDeploy', {
    handler: migrate,
    timeout: Duration.seconds(timeoutSeconds + ANSWER_MARGIN_SECONDS),
    executeAfter: database.readyWith,
    executeBefore,
  });
  keepRights(migrate, { database, until: trigger });
  return trigger;
}

/**
 * The rights on the database once more, in a policy that changes only after the migration has run. A deployment that would leave
 * one database for another can so still ask the first how many deliveries are pending there.
 */
function keepRights(migrate: LambdaFunction, { database, until }: { database: Database; until: Trigger }): void {
  // Beside the function, not below it: the function would wait for what is below it.
  const policy = new Policy(migrate.node.scope as Construct, 'MigrateKeptRights', {
    statements: transactionStatements(database),
    ...(migrate.role !== undefined && { roles: [migrate.role] }),
  });
  policy.node.addDependency(until);
}
