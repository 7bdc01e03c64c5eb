import { randomBytes, randomUUID } from 'node:crypto';
import type { AwsService } from '../aws-service.ts';
import type { OutgoingMessage } from '../sqs/service.ts';
import type { StackEventSourceMapping } from '../../template/stack-description.ts';
import { systemTimers, type Timers } from '../../timers.ts';
import { AsyncEvents, type GivenUp } from './async-events.ts';
import type { EventSourceQueue } from './event-source.ts';
import { EventSourceMappings } from './event-source-mappings.ts';
import { functionAddress } from './function-address.ts';
import { deadLetter, failureRecord } from './given-up-event.ts';
import type { InvocationResult } from './invocation.ts';
import { invokeApi } from './invoke-api.ts';
import type { FunctionLogLine, LambdaFunction } from './lambda-function.ts';
import type { ObservedInvocation } from './observed-invocation.ts';
import { LogTails } from './log-tails.ts';
import { type OperatedFunction, withOperatorApi } from './operator-api.ts';
import { ProcessPool } from './process-pool.ts';
import { type IdleShare, SPARE_SHARE, watchIdleShare } from './processor-idleness.ts';

export type { EventSourceQueue } from './event-source.ts';
export { functionAddress } from './function-address.ts';
export type { FunctionLogLine } from './lambda-function.ts';
export type { ObservedInvocation } from './observed-invocation.ts';

export type LambdaOptions = {
  region: string;
  accountId: string;
  functions: readonly LambdaFunction[];
  /** Variables of one process: the credentials that identify it, and the endpoint of the AWS APIs. */
  environmentFor: (lambdaFunction: LambdaFunction, processId: string) => Readonly<Record<string, string>>;
  /** Called when a process has ended, for whatever reason. */
  processEnded?: ((processId: string) => void) | undefined;
  log: (line: FunctionLogLine) => void;
  /** In place of the bootstrap that every process starts with. */
  bootstrapFile?: string;
  /** Called when an invocation starts, ends or is throttled; must not throw. */
  observe?: ((observed: ObservedInvocation) => void) | undefined;
  /** Delivers to a dead-letter queue or an on-failure destination. A rejection is logged, and the event lost. */
  sendToQueue: (queueArn: string, message: OutgoingMessage) => Promise<void>;
  timers?: Timers;
  /** Recent share of the processors' time, 0–1. Default: as this machine measures it. */
  idleShare?: IdleShare;
};

export type InvokeOptions = {
  /** Value of X-Amzn-Trace-Id to continue; without it a new trace starts. */
  traceId?: string | undefined;
  /** Keeps the end of what the function writes meanwhile, for `logTail`. */
  logType?: 'Tail' | undefined;
};

/** The Lambda API, and the same functions for callers inside this process. */
export type Lambda = {
  service: AwsService;
  /** Runs a function and waits. `name`: physical name or ARN. Throws for a function that is not in the stack. */
  invoke: (name: string, payload: Buffer | string, options?: InvokeOptions) => Promise<InvocationResult>;
  /** Queues an event as an asynchronous invoke; answers its request id. Throws for an unknown function. */
  invokeEvent: (name: string, payload: Buffer | string, options?: InvokeOptions) => string;
  /** Resolves when an event for the function would be taken at once, or nearly so. */
  untilFree: (name: string) => Promise<void>;
  /** Feeds a function from a queue from now on. `say` gets a line for each batch in which some message was not deleted. */
  poll: (mapping: StackEventSourceMapping, queue: EventSourceQueue, say: (line: string) => void) => void;
  /** Operating system ids of a function's processes. */
  pids: (name: string) => number[];
  /** Ends polls, kills every process, forgets queued events; invocations under way settle as stopped. */
  stop: () => Promise<void>;
};

type Served = { lambdaFunction: LambdaFunction; pool: ProcessPool; events: AsyncEvents };

/** Runs the functions of a stack as Lambda does: each in processes of its own, started when they are needed. */
export function createLambda(given: LambdaOptions): Lambda {
  const tails = new LogTails();
  const options = { ...given, log: tails.heard(given.log) };
  const timers = options.timers ?? systemTimers;
  const idleShare = options.idleShare ?? watchIdleShare();
  const served = new Map<string, Served>();
  for (const lambdaFunction of options.functions) {
    served.set(lambdaFunction.name, serve(lambdaFunction, { ...options, timers, idleShare }));
  }

  function serving(name: string): Served {
    const found = served.get(functionAddress(name)?.name ?? '');
    if (found === undefined) throw new Error(`there is no function ${name}`);
    return found;
  }

  function invoke(
    name: string,
    payload: Buffer | string,
    { traceId, logType }: InvokeOptions = {},
  ): Promise<InvocationResult> {
    const { pool, lambdaFunction } = serving(name);
    const requestId = randomUUID();
    if (logType === 'Tail') tails.follow(requestId);
    return pool.invoke({ requestId, payload, functionArn: lambdaFunction.arn, traceId: continuedTrace(traceId) });
  }

  function invokeEvent(name: string, payload: Buffer | string, { traceId }: InvokeOptions = {}): string {
    const requestId = randomUUID();
    serving(name).events.accept({ requestId, payload: Buffer.from(payload), traceId: continuedTrace(traceId) });
    return requestId;
  }

  const untilFree = (name: string): Promise<void> => serving(name).pool.untilFree();
  const mappings = new EventSourceMappings();
  const operated = (name: string): OperatedFunction | undefined => {
    const found = served.get(name);
    if (found === undefined) return undefined;
    const { lambdaFunction, pool } = found;
    return { lambdaFunction, reserved: () => pool.reserved, reserve: (wanted) => void (pool.reserved = wanted) };
  };
  return {
    service: withOperatorApi(
      { ...options, operated, mappings },
      invokeApi({ ...options, invoke, invokeEvent, logTail: (requestId) => tails.take(requestId) }),
    ),
    invoke,
    invokeEvent,
    untilFree,
    poll(mapping, queue, say) {
      const isBusy = (): boolean => idleShare() < SPARE_SHARE;
      mappings.add({ mapping, queue, invoke, untilFree, isBusy, log: say, timers });
    },
    pids: (name) => serving(name).pool.pids(),
    async stop() {
      mappings.stop();
      for (const { events } of served.values()) events.stop();
      await Promise.all([...served.values()].map(({ pool }) => pool.stop()));
    },
  };
}

function serve(
  lambdaFunction: LambdaFunction,
  options: LambdaOptions & { timers: Timers; idleShare: IdleShare },
): Served {
  const pool = new ProcessPool({ ...options, lambdaFunction });
  const events = new AsyncEvents({
    lambdaFunction,
    timers: options.timers,
    concurrency: () => pool.concurrency,
    invoke: ({ requestId, payload, traceId }) =>
      pool.invoke({ requestId, payload, traceId, functionArn: lambdaFunction.arn }),
    giveUp: (given) => void giveUp(given, lambdaFunction, options),
  });
  return { lambdaFunction, pool, events };
}

async function giveUp(given: GivenUp, lambdaFunction: LambdaFunction, options: LambdaOptions): Promise<void> {
  const { deadLetterTargetArn, asynchronous } = lambdaFunction;
  const nowMs = (options.timers ?? systemTimers).nowMs();
  const sends: Promise<void>[] = [];
  if (deadLetterTargetArn !== undefined) sends.push(options.sendToQueue(deadLetterTargetArn, deadLetter(given)));
  if (asynchronous.onFailureArn !== undefined) {
    sends.push(options.sendToQueue(asynchronous.onFailureArn, failureRecord(given, lambdaFunction, nowMs)));
  }
  for (const sent of await Promise.allSettled(sends)) {
    if (sent.status === 'fulfilled') continue;
    const { requestId } = given.event;
    const text = `The given up event ${requestId} could not be sent on: ${String(sent.reason)}`;
    options.log({ functionName: lambdaFunction.name, processId: '', requestId, stream: 'platform', text });
  }
}

/** A trace continues under its root; Lambda adds its own segment. */
function continuedTrace(header: string | undefined): string {
  const [root] = /Root=1-[\da-f]{8}-[\da-f]{24}/.exec(header ?? '') ?? [];
  const epochSeconds = Math.floor(Date.now() / 1000);
  const newRoot = `Root=1-${epochSeconds.toString(16).padStart(8, '0')}-${randomBytes(12).toString('hex')}`;
  return `${root ?? newRoot};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}
