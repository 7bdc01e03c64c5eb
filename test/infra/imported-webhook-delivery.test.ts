// Real: the policies CDK writes for a sender whose webhooks are delivered by a stack of another app.
import { CfnParameter, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { beforeEach, describe, expect, test } from 'vitest';
import { InvalidProps } from '../../infra/resolve-props.ts';
import type { IWebhookDelivery, WebhookDeliveryAttributes } from '../../infra/surehook.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { appWithoutBundles, theResource } from '../support/stack/synthesized-stack.ts';

const attributes: WebhookDeliveryAttributes = {
  enqueueFunctionName: 'WebhookDelivery-SurehookEnqueueD67ADA5A-AbCdEf',
  intakeQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/111122223333/WebhookDelivery-SurehookIntakeQueue-AbCdEf',
};

let stack: Stack;
let role: Role;

beforeEach(() => {
  stack = new Stack(appWithoutBundles(), 'Sender', { env: { region: 'eu-central-1', account: '111122223333' } });
  role = new Role(stack, 'Upstream', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
});

function statements(): unknown {
  const { Properties } = theResource(Template.fromStack(stack), 'AWS::IAM::Policy', 'Upstream').resource;
  return (Properties['PolicyDocument'] as { Statement: unknown }).Statement;
}

const partition = { Ref: 'AWS::Partition' };
const ARN = `:lambda:eu-central-1:111122223333:function:${attributes.enqueueFunctionName}`;

describe('webhooks of another app', () => {
  test('are handed over by invoke with the right to invoke enqueue, and nothing else', () => {
    WebhookDelivery.fromAttributes(stack, 'Webhooks', attributes).grantEnqueue(role);
    const resources = ['', ':$LATEST'].map((version) => ({
      'Fn::Join': ['', ['arn:', partition, `${ARN}${version}`]],
    }));
    expect(statements()).toEqual([{ Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: resources }]);
  });

  test('are handed over by queue with the right to send to intake, and nothing else', () => {
    WebhookDelivery.fromAttributes(stack, 'Webhooks', attributes).grantSend(role);
    const name = attributes.intakeQueueUrl.split('/')[4];
    const Resource = { 'Fn::Join': ['', ['arn:', partition, `:sqs:eu-central-1:111122223333:${name}`]] };
    expect(statements()).toEqual([{ Action: 'sqs:SendMessage', Effect: 'Allow', Resource }]);
  });

  test('are encrypted with the key of their queue, if it has one of its own', () => {
    const encryptionKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555';
    WebhookDelivery.fromAttributes(stack, 'Webhooks', { ...attributes, encryptionKeyArn }).grantSend(role);
    expect(statements()).toContainEqual({
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Effect: 'Allow',
      Resource: encryptionKeyArn,
    });
  });

  test('may be known by names that only the deployment knows', () => {
    const url = new CfnParameter(stack, 'Url').valueAsString;
    const webhooks = WebhookDelivery.fromAttributes(stack, 'Webhooks', { ...attributes, intakeQueueUrl: url });
    webhooks.grantSend(role);
    expect(JSON.stringify(statements())).toContain('{"Fn::Select":[4,{"Fn::Split":["/",{"Ref":"Url"}]}]}');
  });

  test('and those of the same app are one thing to who sends', () => {
    const both: IWebhookDelivery[] = [
      WebhookDelivery.fromAttributes(stack, 'Elsewhere', attributes),
      new WebhookDelivery(stack, 'Here', { database: { kind: 'new', clusterIdentifier: 'acme' } }),
    ];
    for (const { enqueueFunctionName, intakeQueueUrl } of both)
      expect([enqueueFunctionName, intakeQueueUrl]).toHaveLength(2);
    expect(both[0]?.intakeQueueUrl).toBe(attributes.intakeQueueUrl);
  });

  test.each([
    [{ enqueueFunctionName: 'arn:aws:lambda:eu-central-1:111122223333:function:x' }, 'enqueueFunctionName'],
    [{ intakeQueueUrl: 'WebhookDelivery-SurehookIntakeQueue' }, 'intakeQueueUrl'],
    [{ encryptionKeyArn: 'alias/acme' }, 'encryptionKeyArn'],
  ])('are refused where %j cannot be theirs', (wrong, name) => {
    const named = (id: string) => () => WebhookDelivery.fromAttributes(stack, id, { ...attributes, ...wrong });
    expect(named('Webhooks')).toThrow(InvalidProps);
    expect(named('Others')).toThrow(`invalid props: ${name} must be`);
  });
});
