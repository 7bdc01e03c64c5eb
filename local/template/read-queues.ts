import { isJsonObject } from '../json-object.ts';
import type { StackReading } from './stack-reading.ts';
import type { StackQueue } from './stack-description.ts';
import type { Resource } from './resource-references.ts';
import { flagAt, numberAt, objectAt, optionalNumberAt, TemplateError, textAt } from './template-values.ts';

/** Queues of the stack; defaults are those of SQS. A FIFO queue is left out: the twin has none. */
export function readQueues(reading: StackReading): StackQueue[] {
  return standardQueues(reading).map((queue) => {
    const where = queue.logicalId;
    const properties = objectAt(reading.resolve(queue.properties), where);
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

function standardQueues(reading: StackReading): Resource[] {
  return reading.ofType('AWS::SQS::Queue').filter((queue) => {
    const isFifo = flagAt(reading.resolve(queue.properties['FifoQueue']), `${queue.logicalId}.FifoQueue`, false);
    if (isFifo) {
      reading.notice(`${queue.logicalId}: a FIFO queue, which is not here: calls are told that it does not exist`);
    }
    return !isFifo;
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
