import { isJsonObject } from '../json-object.ts';
import type { StackReading } from './stack-reading.ts';
import type { StackQueue } from './stack-description.ts';
import { numberAt, objectAt, optionalNumberAt, TemplateError, textAt } from './template-values.ts';

/** Queues of the stack; defaults are those of SQS. Throws TemplateError for a FIFO queue: the twin has none. */
export function readQueues(reading: StackReading): StackQueue[] {
  return reading.ofType('AWS::SQS::Queue').map((queue) => {
    const where = queue.logicalId;
    const properties = objectAt(reading.resolve(queue.properties), where);
    if (properties['FifoQueue'] === true) throw new TemplateError(`${where}: the local twin has no FIFO queues`);
    const number = (name: string, fallback: number): number => numberAt(properties[name], `${where}.${name}`, fallback);
    return {
      logicalId: queue.logicalId,
      name: reading.nameOf(queue),
      arn: reading.arnOf(queue),
      url: reading.refOf(queue),
      properties,
      visibilityTimeoutSeconds: number('VisibilityTimeout', 30),
      messageRetentionSeconds: number('MessageRetentionPeriod', 345_600),
      delaySeconds: number('DelaySeconds', 0),
      receiveWaitSeconds: number('ReceiveMessageWaitTimeSeconds', 0),
      maximumMessageBytes: number('MaximumMessageSize', 1_048_576),
      redrive: redriveOf(properties['RedrivePolicy'], where),
    };
  });
}

function redriveOf(policy: unknown, where: string): StackQueue['redrive'] {
  if (policy === undefined) return undefined;
  if (!isJsonObject(policy)) throw new TemplateError(`${where}.RedrivePolicy: expected an object`);
  const maxReceiveCount = optionalNumberAt(policy['maxReceiveCount'], `${where}.RedrivePolicy.maxReceiveCount`);
  if (maxReceiveCount === undefined) throw new TemplateError(`${where}.RedrivePolicy.maxReceiveCount: missing`);
  return {
    deadLetterTargetArn: textAt(policy['deadLetterTargetArn'], `${where}.RedrivePolicy.deadLetterTargetArn`),
    maxReceiveCount,
  };
}
