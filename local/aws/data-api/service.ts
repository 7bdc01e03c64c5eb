import type { AwsRequest, AwsResponse, AwsService } from '../aws-service.ts';
import { systemTimers, type Timers } from '../../timers.ts';
import { MAX_RESPONSE_BYTES } from './call-limits.ts';
import { execute, executeBatch, prepareBatch, prepareExecute } from './execute.ts';
import { DataApiFault, faultOf, isBugOfOurs } from './fault.ts';
import { type Intercept, intercepted } from './interception.ts';
import { type DataApiRequest, readRequest } from './request.ts';
import { type ClusterState, type PauseHabit, ResumingCluster } from './resuming-cluster.ts';
import { type DatabaseConnection, type Session, Sessions } from './sessions.ts';
import { resultTooLarge, runStatement } from './statement.ts';
import { Transactions } from './transactions.ts';

export type { ClusterState } from './resuming-cluster.ts';
export type { Intercept, Interception } from './interception.ts';

export type DataApiOptions = {
  /** The PostgreSQL server that stands for the cluster, and the database of calls that name none. */
  connection: DatabaseConnection;
  /** Calls must name exactly these. */
  resourceArn: string;
  secretArn: string;
  timers?: Timers;
  /** Further calls wait. Below the server's max_connections. Default 60. */
  maxConnections?: number;
  /** Without it the cluster never pauses. */
  pause?: PauseHabit;
  /** For tests: what sessions set, in place of what the answers need. */
  sessionSettings?: Readonly<Record<string, string>>;
  /** For tests: what happens to a call. */
  intercept?: Intercept;
};

export type DataApi = {
  service: AwsService;
  /** From now on every call fails with DatabaseResumingException, until `forMs` have passed. */
  simulateResume(options: { forMs: number }): void;
  /** Whether the cluster sleeps. */
  cluster(): ClusterState;
  /** Cancels running statements, rolls back open transactions, closes the connections. */
  close(): Promise<void>;
};

const DEFAULT_CONNECTIONS = 60;

/** The RDS Data API of one Aurora PostgreSQL cluster (Serverless v2), as the SDK's client speaks it (rest-json). */
export function createDataApi(options: DataApiOptions): DataApi {
  const { timers = systemTimers, maxConnections = DEFAULT_CONNECTIONS, sessionSettings } = options;
  const sessions = new Sessions(options.connection, { timers, maxConnections, sessionSettings });
  const transactions = new Transactions(timers);
  const cluster = new ResumingCluster(timers, options.pause);
  const desk: Desk = { sessions, transactions };
  const closing = new AbortController();

  async function service(request: AwsRequest): Promise<AwsResponse> {
    try {
      const call = readRequest(request);
      const interception = (await options.intercept?.(call)) ?? { kind: 'proceed' };
      return await intercepted(interception, { request, closing: closing.signal, serve: () => serve(call) });
    } catch (error) {
      if (!(error instanceof DataApiFault)) throw error;
      return error.toResponse();
    }
  }

  async function serve(call: DataApiRequest): Promise<AwsResponse> {
    try {
      checkTarget(call, options);
      cluster.admitCall();
      if (closing.signal.aborted) throw new DataApiFault('DatabaseUnavailableException');
      const body = await OPERATIONS[call.operation](desk, call);
      if (Buffer.byteLength(body) > MAX_RESPONSE_BYTES) throw resultTooLarge();
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    } catch (error) {
      if (isBugOfOurs(error)) throw error;
      return faultOf(error).toResponse();
    }
  }

  return {
    service,
    simulateResume: ({ forMs }) => cluster.startResume(forMs),
    cluster: () => cluster.look(),
    async close() {
      closing.abort();
      transactions.close();
      await sessions.close();
    },
  };
}

type Desk = { sessions: Sessions; transactions: Transactions };

const OPERATIONS: Readonly<Record<DataApiRequest['operation'], (desk: Desk, call: DataApiRequest) => Promise<string>>> =
  {
    async ExecuteStatement(desk, call) {
      const prepared = prepareExecute(call);
      return await onSession(desk, call, (session) => execute(session, call, prepared));
    },

    async BatchExecuteStatement(desk, call) {
      const sets = prepareBatch(call);
      return await onSession(desk, call, (session) => executeBatch(session, sets));
    },

    async BeginTransaction({ sessions, transactions }, call) {
      const session = await sessions.take(call.database);
      try {
        await session.client.query('begin');
      } catch (error) {
        session.client.release(true);
        throw error;
      }
      return JSON.stringify({ transactionId: transactions.add(session) });
    },

    async CommitTransaction(desk, call) {
      const tag = await endTransaction(desk, call, 'commit');
      // PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which a statement has failed.
      if (tag !== 'COMMIT') {
        throw new DataApiFault(
          'DatabaseErrorException',
          'ERROR: current transaction is aborted, commands ignored until end of transaction block; SQLState: 25P02',
        );
      }
      return JSON.stringify({ transactionStatus: 'Transaction Committed' });
    },

    async RollbackTransaction(desk, call) {
      await endTransaction(desk, call, 'rollback');
      return JSON.stringify({ transactionStatus: 'Rollback Complete' });
    },
  };

function checkTarget(call: DataApiRequest, { resourceArn, secretArn }: DataApiOptions): void {
  // "The ARN you specified doesn't precisely match the ARN of the cluster."
  if (call.resourceArn !== resourceArn) {
    throw new DataApiFault(
      'HttpEndpointNotEnabledException',
      `HttpEndpoint is not enabled for resource ${call.resourceArn}.`,
    );
  }
  // "The secret provided wasn't found."
  if (call.secretArn !== secretArn) {
    throw new DataApiFault('SecretsErrorException', 'Secrets Manager can’t find the specified secret.');
  }
}

/** In the transaction of the call, or on a connection of the pool that comes back as new, or not at all. */
async function onSession(
  { sessions, transactions }: Desk,
  call: DataApiRequest,
  work: (session: Session) => Promise<string>,
): Promise<string> {
  const { transactionId } = call;
  const late = call.continueAfterTimeout ? 'leave' : 'cancel';
  if (transactionId !== undefined) {
    const session = transactions.take(transactionId, call.database);
    return await sessions.runInTime(session, {
      work: () => work(session),
      late,
      after: (failure) => {
        // An error of the statement leaves the transaction open, for ROLLBACK TO SAVEPOINT; a lost connection ends it.
        if (isConnectionLost(failure)) transactions.end(transactionId, 'aborted');
        else transactions.giveBack(transactionId);
      },
    });
  }
  const session = await sessions.take(call.database);
  return await sessions.runInTime(session, {
    work: () => work(session),
    late,
    after: (failure) => {
      if (isConnectionLost(failure) || isTimeout(failure)) session.client.release(true);
      else void sessions.giveBack(session);
    },
  });
}

async function endTransaction(
  { sessions, transactions }: Desk,
  call: DataApiRequest,
  how: 'commit' | 'rollback',
): Promise<string> {
  const id = call.transactionId ?? '';
  const session = transactions.take(id, undefined);
  const { tag } = await sessions.runInTime(session, {
    work: () => runStatement(session.client, { text: how, parameters: [], maxResultCharacters: 0 }),
    late: 'leave',
    after: () => transactions.end(id, 'ended'),
  });
  return tag;
}

function isConnectionLost(failure: unknown): boolean {
  return failure !== undefined && faultOf(failure).name === 'DatabaseUnavailableException';
}

/** A cancellation may come late and hit whatever the connection does next. */
function isTimeout(failure: unknown): boolean {
  return failure instanceof DataApiFault && failure.name === 'StatementTimeoutException';
}
