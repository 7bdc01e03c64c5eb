import { ArnFormat, Fn, Stack, Token } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { encryptionFaults, grantKeyToSender } from './encryption.ts';
import { InvalidProps } from './resolve-props.ts';

/** What those who hand over webhooks need of a construct, wherever it is deployed. */
export type IWebhookDelivery = IConstruct & {
  /** What the enqueue function is invoked by. */
  readonly enqueueFunctionName: string;
  /** Where requests are sent to. */
  readonly intakeQueueUrl: string;
  /** Lets `grantee` hand over webhooks by invoking the enqueue function, and nothing else. */
  grantEnqueue(grantee: IGrantable): Grant;
  /** Lets `grantee` hand over webhooks by sending to the intake queue, and nothing else. */
  grantSend(grantee: IGrantable): Grant;
};

/** What the stack's outputs tell of a construct that another app deploys, in the same account and region. */
export type WebhookDeliveryAttributes = {
  /** The output `EnqueueFunctionName`. */
  enqueueFunctionName: string;
  /** The output `IntakeQueueUrl`. */
  intakeQueueUrl: string;
  /** If that stack has a key of its own for its queues, its ARN. Default: none. */
  encryptionKeyArn?: string;
};

/** A construct that another app deploys. It grants rights and makes nothing. */
export class ImportedWebhookDelivery extends Construct implements IWebhookDelivery {
  readonly enqueueFunctionName: string;
  readonly intakeQueueUrl: string;
  readonly #intake: IQueue;

  constructor(scope: Construct, id: string, attributes: WebhookDeliveryAttributes) {
    super(scope, id);
    const faults = attributeFaults(attributes);
    if (faults.length > 0) throw new InvalidProps(faults);
    const { enqueueFunctionName, intakeQueueUrl, encryptionKeyArn } = attributes;
    this.enqueueFunctionName = enqueueFunctionName;
    this.intakeQueueUrl = intakeQueueUrl;
    // https://sqs.<region>.<domain>/<account>/<name>
    const queueName = Fn.select(4, Fn.split('/', intakeQueueUrl));
    this.#intake = Queue.fromQueueAttributes(this, 'IntakeQueue', {
      queueArn: Stack.of(this).formatArn({ service: 'sqs', resource: queueName }),
      queueUrl: intakeQueueUrl,
      ...(encryptionKeyArn !== undefined && { keyArn: encryptionKeyArn }),
    });
  }

  grantEnqueue(grantee: IGrantable): Grant {
    const functionArn = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: this.enqueueFunctionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return Grant.addToPrincipal({
      grantee,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [functionArn, `${functionArn}:$LATEST`],
    });
  }

  grantSend(grantee: IGrantable): Grant {
    grantKeyToSender(this.#intake, grantee);
    return Grant.addToPrincipal({ grantee, actions: ['sqs:SendMessage'], resourceArns: [this.#intake.queueArn] });
  }
}

function attributeFaults({
  enqueueFunctionName,
  intakeQueueUrl,
  encryptionKeyArn,
}: WebhookDeliveryAttributes): string[] {
  const isName = Token.isUnresolved(enqueueFunctionName) || /^[\w-]{1,64}$/.test(enqueueFunctionName);
  const isUrl = Token.isUnresolved(intakeQueueUrl) || /^https:\/\/[^/\s]+\/\d{12}\/[\w-]{1,80}$/.test(intakeQueueUrl);
  return [
    ...(isName
      ? []
      : ['enqueueFunctionName must be the name of a function, as the output EnqueueFunctionName tells it']),
    ...(isUrl ? [] : ['intakeQueueUrl must be the URL of a queue, as the output IntakeQueueUrl tells it']),
    ...encryptionFaults(encryptionKeyArn === undefined ? {} : { encryptionKeyArn }),
  ];
}
