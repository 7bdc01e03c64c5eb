import { isJsonObject } from '../json-object.ts';
import { functionNamed } from './read-functions.ts';
import type { StackReading } from './stack-reading.ts';
import type { Resource } from './resource-references.ts';
import type { StackEventSourceMapping, StackSchedule, StackTrigger } from './stack-description.ts';
import {
  flagAt,
  listAt,
  numberAt,
  objectAt,
  optionalNumberAt,
  optionalTextAt,
  TemplateError,
  textAt,
} from './template-values.ts';

/** The queues that functions are fed from. */
export function readEventSourceMappings(reading: StackReading): StackEventSourceMapping[] {
  return reading.ofType('AWS::Lambda::EventSourceMapping').map((mapping) => {
    const where = mapping.logicalId;
    const property = (name: string): unknown => reading.resolve(mapping.properties[name]);
    const queueArn = textAt(property('EventSourceArn'), `${where}.EventSourceArn`);
    if (queueArn.split(':')[2] !== 'sqs') throw new TemplateError(`${where}: the local twin reads from SQS only`);
    const scaling = objectAt(property('ScalingConfig'), `${where}.ScalingConfig`);
    return {
      logicalId: mapping.logicalId,
      queueArn,
      functionName: functionNamed(textAt(property('FunctionName'), `${where}.FunctionName`), reading, where),
      batchSize: numberAt(property('BatchSize'), `${where}.BatchSize`, 10),
      windowSeconds: numberAt(property('MaximumBatchingWindowInSeconds'), `${where}.MaximumBatchingWindowInSeconds`, 0),
      reportsBatchItemFailures: listAt(property('FunctionResponseTypes'), where).includes('ReportBatchItemFailures'),
      maximumConcurrency: optionalNumberAt(scaling['MaximumConcurrency'], `${where}.ScalingConfig.MaximumConcurrency`),
      enabled: flagAt(property('Enabled'), `${where}.Enabled`, true),
    };
  });
}

/** Rules with a rate. Throws TemplateError for a cron expression: no part of the stack needs one. */
export function readSchedules(reading: StackReading): StackSchedule[] {
  return reading
    .ofType('AWS::Events::Rule')
    .filter((rule) => rule.properties['ScheduleExpression'] !== undefined)
    .map((rule) => {
      const where = rule.logicalId;
      const expression = textAt(reading.resolve(rule.properties['ScheduleExpression']), `${where}.ScheduleExpression`);
      const targets = listAt(reading.resolve(rule.properties['Targets']), `${where}.Targets`);
      return {
        logicalId: rule.logicalId,
        ruleName: reading.nameOf(rule),
        ruleArn: reading.arnOf(rule),
        everyMs: rateMs(expression, where),
        enabled: reading.resolve(rule.properties['State']) !== 'DISABLED',
        targets: targets.map((target) => readTarget(target, reading, where)),
      };
    });
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function rateMs(expression: string, where: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNIT_MS[unit ?? ''];
  if (unitMs === undefined || Number(count) < 1) {
    throw new TemplateError(`${where}: the local twin understands rate(n minutes|hours|days), not ${expression}`);
  }
  return Number(count) * unitMs;
}

function readTarget(target: unknown, reading: StackReading, where: string): StackSchedule['targets'][number] {
  if (!isJsonObject(target)) throw new TemplateError(`${where}.Targets: expected objects`);
  for (const unknown of ['InputPath', 'InputTransformer']) {
    if (target[unknown] !== undefined) throw new TemplateError(`${where}.Targets: the local twin has no ${unknown}`);
  }
  return {
    functionName: functionNamed(textAt(target['Arn'], `${where}.Targets.Arn`), reading, where),
    input: optionalTextAt(target['Input'], `${where}.Targets.Input`),
  };
}

/** The functions that `triggers.Trigger` invokes during a deployment, in the template's order. */
export function readTriggers(reading: StackReading): StackTrigger[] {
  return reading.ofType('Custom::Trigger').map((trigger) => {
    const where = trigger.logicalId;
    const handlerArn = textAt(reading.resolve(trigger.properties['HandlerArn']), `${where}.HandlerArn`);
    return {
      logicalId: trigger.logicalId,
      functionName: functionNamed(handlerArn, reading, where),
      invocationType: invocationTypeOf(trigger, reading),
      // The construct's own default: 2 minutes.
      timeoutMs: numberAt(reading.resolve(trigger.properties['Timeout']), `${where}.Timeout`, 120_000),
    };
  });
}

function invocationTypeOf(trigger: Resource, reading: StackReading): StackTrigger['invocationType'] {
  const type = reading.resolve(trigger.properties['InvocationType']) ?? 'RequestResponse';
  if (type === 'RequestResponse' || type === 'Event' || type === 'DryRun') return type;
  throw new TemplateError(`${trigger.logicalId}.InvocationType: unknown`);
}
