import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';

/** Where alarms go: the given topic, a topic that the construct makes for an address, or nowhere. */
export function alarmTopicOf(
  scope: Construct,
  { alarmTopic, alarmTopicArn, alarmEmail }: Pick<WebhookDeliveryProps, 'alarmTopic' | 'alarmTopicArn' | 'alarmEmail'>,
): ITopic | undefined {
  if (alarmTopicArn !== undefined) return Topic.fromTopicArn(scope, 'GivenAlarmTopic', alarmTopicArn);
  if (alarmEmail === undefined) return alarmTopic;
  // Not encrypted: CloudWatch may not use the account's own key for SNS, and an alarm says nothing about a customer.
  const topic = new Topic(scope, 'AlarmTopic', { displayName: 'Surehook alarms', enforceSSL: true });
  topic.addSubscription(new EmailSubscription(alarmEmail));
  // With a policy of its own a topic loses the one that lets the account's alarms publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  acknowledge(topic, {
    'Serverless-SNSRedrivePolicy': 'A bounced e-mail need not be kept: the alarm itself stays visible.',
  });
  return topic;
}
