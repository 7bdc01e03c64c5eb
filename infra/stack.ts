import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';
import { WebhookDelivery } from './webhook-delivery.ts';

/** The ready stack: the construct alone, with the outputs by which programs find it. */
export class WebhookDeliveryStack extends Stack {
  readonly delivery: WebhookDelivery;

  constructor(scope: Construct, id: string, props: StackProps & { delivery?: WebhookDeliveryProps } = {}) {
    const { delivery, ...stackProps } = props;
    super(scope, id, { description: 'Surehook: durable outbound webhooks', ...stackProps });
    this.delivery = new WebhookDelivery(this, 'Surehook', delivery);
    Object.entries(outputsOf(this.delivery)).forEach(([name, value]) => new CfnOutput(this, name, { value }));
  }
}

function outputsOf({ queues, functions, database, dashboardUrl }: WebhookDelivery): Record<string, string> {
  return {
    EnqueueFunctionName: functions.enqueue.functionName,
    DeliverFunctionName: functions.deliver.functionName,
    SweepFunctionName: functions.sweep.functionName,
    RedeliverFunctionName: functions.redeliver.functionName,
    MigrateFunctionName: functions.migrate.functionName,
    IntakeQueueUrl: queues.intake.queueUrl,
    IntakeDeadLetterQueueUrl: queues.intakeDeadLetters.queueUrl,
    DeliveryQueueUrl: queues.delivery.queueUrl,
    DeliveryDeadLetterQueueUrl: queues.deliveryDeadLetters.queueUrl,
    DatabaseResourceArn: database.cluster.clusterArn,
    DatabaseSecretArn: database.secret.secretArn,
    DatabaseName: database.databaseName,
    DashboardUrl: dashboardUrl,
  };
}
