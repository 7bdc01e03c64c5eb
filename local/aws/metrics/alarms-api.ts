import type { JsonObject } from '../../json-object.ts';
import { fieldReader } from '../aws-json.ts';
import type { AwsService } from '../aws-service.ts';
import { inCborToo } from '../cbor-protocol.ts';
import { INTEGER, TEXT, TEXTS } from '../query-parameters.ts';
import { inQueryProtocolToo, membersOf } from '../query-protocol.ts';
import { operationsService, ServiceFault } from '../service-fault.ts';
import type { AlarmReport } from './alarm-states.ts';

const TARGET = 'GraniteServiceVersion20100801.';
/** DescribeAlarms: "The maximum number of alarm descriptions to retrieve", 1–100. */
const PAGE_RANGE = { from: 1, to: 100 };
const DEFAULT_PAGE = 50;

const { optionalText, optionalInteger, optionalTexts } = fieldReader((name, fault) => {
  const what = fault.kind === 'wrong type' ? `must be ${fault.wanted}` : 'is out of range';
  return new ServiceFault('ValidationError', `${name} ${what}.`);
});

/** CloudWatch, as far as alarms can be looked at. */
export function createAlarmsApi(reports: () => readonly AlarmReport[]): AwsService {
  return operationsService({
    version: '1.0',
    serviceName: 'CloudWatch',
    targetPrefix: TARGET,
    operations: {
      DescribeAlarms(input) {
        const names = optionalTexts(input, 'AlarmNames') ?? [];
        const prefix = optionalText(input, 'AlarmNamePrefix') ?? '';
        const state = optionalText(input, 'StateValue');
        const start = Number(optionalText(input, 'NextToken') ?? '0');
        if (!Number.isSafeInteger(start))
          throw new ServiceFault('InvalidNextToken', 'The next token specified is invalid.');
        const wanted = reports()
          .map(describedAlarm)
          .filter(({ AlarmName }) => AlarmName.startsWith(prefix) && (names.length === 0 || names.includes(AlarmName)))
          .filter(({ StateValue }) => state === undefined || StateValue === state);
        const end = start + (optionalInteger(input, 'MaxRecords', PAGE_RANGE) ?? DEFAULT_PAGE);
        return {
          MetricAlarms: wanted.slice(start, end),
          CompositeAlarms: [],
          NextToken: end < wanted.length ? String(end) : undefined,
        };
      },
    },
  });
}

/** CloudWatch in each of its protocols: newer clients take CBOR, older ones the query protocol. */
export function alarmsInEveryProtocol(serve: AwsService): AwsService {
  const inQuery = inQueryProtocolToo(serve, {
    targetPrefix: TARGET,
    namespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
    input: {
      kind: 'structure',
      members: {
        AlarmNames: { shape: TEXTS },
        AlarmNamePrefix: { shape: TEXT },
        StateValue: { shape: TEXT },
        MaxRecords: { shape: INTEGER },
        NextToken: { shape: TEXT },
      },
    },
    result: (_operation, fields) => membersOf(fields),
  });
  return inCborToo(inQuery, { targetPrefix: TARGET });
}

function describedAlarm({ alarm, state, since, because, value }: AlarmReport) {
  const { watched, periodMs, threshold } = alarm;
  const metric =
    watched.kind === 'metric'
      ? {
          Namespace: watched.metric.namespace,
          MetricName: watched.metric.name,
          Dimensions: Object.entries(watched.metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
          ...(/^p\d/.test(watched.stat) ? { ExtendedStatistic: watched.stat } : { Statistic: watched.stat }),
          Period: periodMs / 1000,
        }
      : {};
  return {
    AlarmName: alarm.name,
    AlarmArn: alarm.arn,
    AlarmDescription: alarm.description,
    ActionsEnabled: true,
    OKActions: [],
    AlarmActions: [],
    InsufficientDataActions: [],
    // CloudWatch has no word for what is not evaluated: the reason says it.
    StateValue: state === 'NOT_EVALUATED' ? 'INSUFFICIENT_DATA' : state,
    StateReason: because ?? reasonOf(value, alarm.watches),
    ...(since !== undefined && { StateUpdatedTimestamp: since.getTime() / 1000 }),
    ...metric,
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    ...(Number.isFinite(threshold) && { Threshold: threshold }),
    ComparisonOperator: alarm.comparison,
    TreatMissingData: alarm.missingData,
  } satisfies JsonObject;
}

function reasonOf(value: number | undefined, watches: string): string {
  return value === undefined ? `${watches} has no value in the last period` : `${watches} is ${value}`;
}
