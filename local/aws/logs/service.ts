import type { JsonObject } from '../../json-object.ts';
import { fieldReader } from '../aws-json.ts';
import type { AwsService } from '../aws-service.ts';
import type { FunctionLogLine } from '../lambda/service.ts';
import { operationsService, ServiceFault } from '../service-fault.ts';
import type { StackFunction } from '../../template/stack-description.ts';
import type { Timers } from '../../timers.ts';
import { readFilterPattern } from './filter-pattern.ts';
import { type LogEvent, LogStore } from './log-store.ts';

export type LogsOptions = {
  region: string;
  accountId: string;
  functions: readonly Pick<StackFunction, 'name' | 'logGroup'>[];
  timers: Timers;
};

export type Logs = {
  service: AwsService;
  /** Keeps a line in the log group of its function. */
  record(line: FunctionLogLine): void;
};

/** FilterLogEvents: "The maximum number of events to return. The default is 10,000 events." */
const LIMIT_RANGE = { from: 1, to: 10_000 };
const TIME_RANGE = { from: 0, to: Number.MAX_SAFE_INTEGER };

const { optionalText, optionalInteger, optionalTexts } = fieldReader((name, fault) => {
  const what = fault.kind === 'wrong type' ? `must be ${fault.wanted}` : 'is out of range';
  return new ServiceFault('InvalidParameterException', `${name} ${what}.`);
});

/** CloudWatch Logs, with what the functions wrote since the start. */
export function createLogs({ region, accountId, functions, timers }: LogsOptions): Logs {
  const store = new LogStore();
  const groups = new Set(functions.map(({ logGroup }) => logGroup));
  const groupOf = new Map(functions.map(({ name, logGroup }) => [name, logGroup]));

  /** By name, or by ARN with or without the star that policies put behind it. */
  function namedGroup(input: JsonObject): string {
    const named = optionalText(input, 'logGroupName') ?? optionalText(input, 'logGroupIdentifier') ?? '';
    const group = /:log-group:([^:]+)/.exec(named)?.[1] ?? named;
    if (groups.has(group)) return group;
    throw new ServiceFault('ResourceNotFoundException', 'The specified log group does not exist.');
  }

  return {
    record({ functionName, processId, text }) {
      const atMs = timers.nowMs();
      const day = new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '/');
      const group = groupOf.get(functionName) ?? `/aws/lambda/${functionName}`;
      store.add({ group, stream: `${day}/[$LATEST]${processId}`, atMs, message: text });
    },
    service: operationsService({
      version: '1.1',
      serviceName: 'CloudWatch Logs',
      targetPrefix: 'Logs_20140328.',
      operations: {
        FilterLogEvents(input) {
          const limit = optionalInteger(input, 'limit', LIMIT_RANGE) ?? LIMIT_RANGE.to;
          const wanted = wantedEvents(input, namedGroup(input));
          const found = store.after(readToken(input)).filter(wanted);
          const events = found.slice(0, limit);
          const last = events.at(-1);
          return {
            events: events.map(asLogEvent),
            searchedLogStreams: [],
            nextToken: found.length > limit && last !== undefined ? String(last.number) : undefined,
          };
        },
        DescribeLogGroups(input) {
          const prefix = optionalText(input, 'logGroupNamePrefix') ?? '';
          const named = [...groups].filter((name) => name.startsWith(prefix)).toSorted();
          return {
            logGroups: named.map((logGroupName) => ({
              logGroupName,
              arn: `arn:aws:logs:${region}:${accountId}:log-group:${logGroupName}:*`,
            })),
          };
        },
      },
    }),
  };
}

function readToken(input: JsonObject): number {
  const token = optionalText(input, 'nextToken') ?? '0';
  if (/^\d{1,15}$/.test(token)) return Number(token);
  throw new ServiceFault('InvalidParameterException', 'The specified nextToken is invalid.');
}

function wantedEvents(input: JsonObject, group: string): (event: LogEvent) => boolean {
  const filter = readFilterPattern(optionalText(input, 'filterPattern') ?? '');
  if (filter === undefined) {
    throw new ServiceFault(
      'InvalidParameterException',
      'Invalid filter pattern, or one that the local twin does not know.',
    );
  }
  const startMs = optionalInteger(input, 'startTime', TIME_RANGE) ?? 0;
  const endMs = optionalInteger(input, 'endTime', TIME_RANGE) ?? Infinity;
  const streams = optionalTexts(input, 'logStreamNames');
  const prefix = optionalText(input, 'logStreamNamePrefix') ?? '';
  return (event) =>
    event.group === group &&
    event.atMs >= startMs &&
    event.atMs <= endMs &&
    (streams?.includes(event.stream) ?? true) &&
    event.stream.startsWith(prefix) &&
    filter(event.message);
}

function asLogEvent({ number, stream, atMs, message }: LogEvent): JsonObject {
  return {
    logStreamName: stream,
    timestamp: atMs,
    message,
    ingestionTime: atMs,
    // CloudWatch's own are decimal numbers of 56 digits that grow with time.
    eventId: String(number).padStart(56, '0'),
  };
}
