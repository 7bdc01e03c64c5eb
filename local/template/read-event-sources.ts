import { functionNamed, isRunHere } from './read-functions.ts';
import { readQueues } from './read-queues.ts';
import type { StackReading } from './stack-reading.ts';
import type { Resource } from './resource-references.ts';
import type { StackEventSourceMapping, StackTrigger } from './stack-description.ts';
import { flagAt, listAt, numberAt, objectAt, optionalNumberAt, TemplateError, textAt } from './template-values.ts';

/** The queues that functions are fed from. */
export function readEventSourceMappings(reading: StackReading): StackEventSourceMapping[] {
  return reading.ofType('AWS::Lambda::EventSourceMapping').flatMap((mapping) => {
    const where = mapping.logicalId;
    const property = (name: string): unknown => reading.resolve(mapping.properties[name]);
    const queueArn = textAt(property('EventSourceArn'), `${where}.EventSourceArn`);
    const functionName = functionNamed(textAt(property('FunctionName'), `${where}.FunctionName`), reading, where);
    const isQueueHere = readQueues(reading).some(({ arn }) => arn === queueArn);
    if (!isQueueHere)
      reading.notice(`${where}: functions are fed from queues of the stack only, and nothing from ${queueArn}`);
    if (!isQueueHere || !isRunHere(functionName, reading)) return [];
    const scaling = objectAt(property('ScalingConfig'), `${where}.ScalingConfig`);
    return {
      logicalId: mapping.logicalId,
      queueArn,
      functionName,
      batchSize: numberAt(property('BatchSize'), `${where}.BatchSize`, 10),
      windowSeconds: numberAt(property('MaximumBatchingWindowInSeconds'), `${where}.MaximumBatchingWindowInSeconds`, 0),
      reportsBatchItemFailures: listAt(property('FunctionResponseTypes'), where).includes('ReportBatchItemFailures'),
      maximumConcurrency: optionalNumberAt(scaling['MaximumConcurrency'], `${where}.ScalingConfig.MaximumConcurrency`),
      enabled: flagAt(property('Enabled'), `${where}.Enabled`, true),
    };
  });
}

/** The functions that `triggers.Trigger` invokes during a deployment, in the template's order. */
export function readTriggers(reading: StackReading): StackTrigger[] {
  return reading.ofType('Custom::Trigger').flatMap((trigger) => {
    const where = trigger.logicalId;
    const handlerArn = textAt(reading.resolve(trigger.properties['HandlerArn']), `${where}.HandlerArn`);
    const functionName = functionNamed(handlerArn, reading, where);
    if (!isRunHere(functionName, reading)) return [];
    return {
      logicalId: trigger.logicalId,
      functionName,
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
