import { ArnFormat, Stack, Token } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';

/** What is wrong with the props that name the key. */
export function encryptionFaults({ encryptionKey, encryptionKeyArn }: WebhookDeliveryProps): string[] {
  const faults: string[] = [];
  if (encryptionKey !== undefined && encryptionKeyArn !== undefined) {
    faults.push('encryptionKey and encryptionKeyArn cannot be set together');
  }
  // An alias may come to mean another key, and log groups take none.
  const isKey =
    encryptionKeyArn === undefined || /^arn:[^:]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/.test(encryptionKeyArn);
  if (!isKey && !Token.isUnresolved(encryptionKeyArn)) {
    faults.push(
      'encryptionKeyArn must be the ARN of a key, such as arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555',
    );
  }
  return faults;
}

/** The key for what holds data, with what CloudWatch Logs needs in its policy; of a key by ARN the policy cannot be changed here. */
export function encryptionKeyOf(
  scope: Construct,
  { encryptionKey, encryptionKeyArn }: Pick<WebhookDeliveryProps, 'encryptionKey' | 'encryptionKeyArn'>,
): IKey | undefined {
  const key = encryptionKeyArn === undefined ? encryptionKey : Key.fromKeyArn(scope, 'EncryptionKey', encryptionKeyArn);
  key?.addToResourcePolicy(logsStatement(scope));
  return key;
}

/** CloudWatch Logs asks with the name of the group as context, and CloudFormation begins the names of its groups with the stack's. */
function logsStatement(scope: Construct): PolicyStatement {
  const stack = Stack.of(scope);
  const logGroups = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: `${stack.stackName}-*`,
  });
  return new PolicyStatement({
    principals: [new ServicePrincipal(`logs.${stack.region}.${stack.urlSuffix}`)],
    actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    resources: ['*'],
    conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logGroups } },
  });
}

/** SQS uses the queue's key with the rights of who sends (SQS' manual, *Key management*). */
export function grantKeyToSender(queue: IQueue, sender: IGrantable): void {
  queue.encryptionMasterKey?.grant(sender, 'kms:GenerateDataKey', 'kms:Decrypt');
}

/** And of who receives. */
export function grantKeyToReader(queue: IQueue, reader: IGrantable): void {
  queue.encryptionMasterKey?.grant(reader, 'kms:Decrypt');
}
