import {
  CloudFormationClient,
  DescribeStacksCommand,
  type DescribeStacksCommandOutput,
} from '@aws-sdk/client-cloudformation';
import { StatementRefused } from '../delivery/store-answers.ts';
import type { DatabaseInUse, RunningVersion } from '../operate/database-move.ts';
import type { Clock } from '../runtime/clock.ts';
import type { DataApi } from './data-api.ts';

type Options = {
  /** ARN of the stack whose outputs say what is running. */
  stackId: string;
  outputPrefix: string;
  open: (database: DatabaseInUse) => Pick<DataApi, 'transaction'>;
  clock: Clock;
  /** When counting ends. */
  untilMonotonicMs: number;
  /** Until then a right that is missing may only be late. */
  rightsUntilMonotonicMs: number;
};

const ASK_AGAIN_MS = 2_000;

/** undefined_table, invalid_schema_name: no delivery has ever been there. */
const NEVER_USED: ReadonlySet<string> = new Set(['42P01', '3F000']);

/** Here and not in `clients.ts`, so that it is in the bundle of the one function that asks. */
export function createCloudFormationClient(): CloudFormationClient {
  return new CloudFormationClient({ requestHandler: { requestTimeout: 5_000, throwOnRequestTimeout: true } });
}

/** Until a deployment is complete, the outputs of its stack are those of the version before it. */
export function createCloudFormationRunningVersion(
  client: CloudFormationClient,
  { stackId, outputPrefix, open, clock, untilMonotonicMs, rightsUntilMonotonicMs }: Options,
): RunningVersion {
  /** Asks again while a right may only be late. */
  async function describe(): Promise<DescribeStacksCommandOutput> {
    for (;;) {
      try {
        return await client.send(new DescribeStacksCommand({ StackName: stackId }));
      } catch (error) {
        if (!(error instanceof Error && error.name.startsWith('AccessDenied'))) throw error;
        if (clock.monotonicMs() + ASK_AGAIN_MS >= rightsUntilMonotonicMs) throw error;
        await new Promise<void>((resolve) => clock.after(ASK_AGAIN_MS, resolve));
      }
    }
  }
  return {
    async databaseInUse() {
      const { Stacks = [] } = await describe();
      const outputs = new Map(Stacks[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
      const output = (name: string) => outputs.get(`${outputPrefix}${name}`);
      const [resourceArn, secretArn, database] = ['DatabaseResourceArn', 'DatabaseSecretArn', 'DatabaseName'].map(
        output,
      );
      if (resourceArn === undefined || secretArn === undefined || database === undefined) return undefined;
      return { resourceArn, secretArn, database };
    },
    async countPending(database) {
      const count =
        "select cast(count(*) as text) as pending from {surehook}.webhook_deliveries where status = 'pending'";
      try {
        const [row] = await open(database).transaction((execute) => execute(count), { untilMonotonicMs });
        return Number(row?.['pending']);
      } catch (fault) {
        if (fault instanceof StatementRefused && NEVER_USED.has(fault.sqlState)) return 0;
        throw fault;
      }
    },
  };
}
