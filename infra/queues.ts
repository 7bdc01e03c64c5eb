import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { MARKER_HELD_SECONDS, MARKER_KEPT_SECONDS } from '../shared/runtime/limits.ts';
import { acknowledge } from './acknowledge.ts';
import type { ResolvedProps } from './resolve-props.ts';

/** The construct's queues. */
export type Queues = {
  /** Enqueue requests, one per message. */
  intake: Queue;
  /** Requests that can never succeed, with `ErrorType` and `ErrorMessage`, and asynchronous invokes that Lambda gave up. */
  intakeDeadLetters: Queue;
  /** Hints that a delivery is due. */
  delivery: Queue;
  /** Messages that deliver could not read or process. The sweep looks after the rows behind them. */
  deliveryDeadLetters: Queue;
  /** Markers: that something may be pending. Only where the database may sleep. */
  markers: Queue | undefined;
};

/** Standard queues: rows keep the order of deliveries, and fair queues need only a `MessageGroupId`. */
export function createQueues(
  scope: Construct,
  { timings, removalPolicies, trueIdle }: Pick<ResolvedProps, 'timings' | 'removalPolicies' | 'trueIdle'>,
  encryptionKey: IKey | undefined,
): Queues {
  const { retention, enqueue, deliver } = timings;
  const common = {
    ...encryptionWith(encryptionKey),
    enforceSSL: true,
    removalPolicy: removalPolicies.queues,
  };
  const deadLetters = (id: string): Queue => {
    const queue = new Queue(scope, id, { ...common, retentionPeriod: Duration.seconds(retention.deadLetters) });
    acknowledge(queue, {
      'Serverless-SQSRedrivePolicy': 'It is a dead-letter queue: an alarm watches it and an operator reads it.',
    });
    return queue;
  };
  const source = (id: string, reader: { visibility: number; maxReceives: number }, deadLetters: Queue): Queue =>
    new Queue(scope, id, {
      ...common,
      retentionPeriod: Duration.seconds(retention.source),
      visibilityTimeout: Duration.seconds(reader.visibility),
      // An empty receive costs as much as a full one.
      receiveMessageWaitTime: Duration.seconds(20),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: reader.maxReceives },
    });

  const intakeDeadLetters = deadLetters('IntakeDeadLetterQueue');
  const deliveryDeadLetters = deadLetters('DeliveryDeadLetterQueue');
  return {
    intake: source('IntakeQueue', enqueue, intakeDeadLetters),
    intakeDeadLetters,
    delivery: source('DeliveryQueue', deliver, deliveryDeadLetters),
    deliveryDeadLetters,
    markers: trueIdle ? createMarkers(scope, common) : undefined,
  };
}

/** What is in it, anybody can make again: it goes with the stack. */
function createMarkers(scope: Construct, common: QueueProps): Queue {
  const markers = new Queue(scope, 'MarkerQueue', {
    ...common,
    removalPolicy: RemovalPolicy.DESTROY,
    retentionPeriod: Duration.seconds(MARKER_KEPT_SECONDS),
    visibilityTimeout: Duration.seconds(MARKER_HELD_SECONDS),
  });
  const reason = 'A marker is received again and again, as long as anything is pending.';
  acknowledge(markers, { 'AwsSolutions-SQS3': reason, 'Serverless-SQSRedrivePolicy': reason });
  return markers;
}

/** Without a key of the team's own: those that SQS manages, which are free and keep no upstream service from its queue. */
function encryptionWith(encryptionKey: IKey | undefined): Pick<QueueProps, 'encryption' | 'encryptionMasterKey'> {
  if (encryptionKey === undefined) return { encryption: QueueEncryption.SQS_MANAGED };
  return { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey };
}
