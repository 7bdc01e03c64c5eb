import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { InvalidProps } from './resolve-props.ts';
import type { WebhookDelivery } from './webhook-delivery.ts';

/** CloudFormation allows 255 characters; the longest name below has 26. */
const MAX_PREFIX_CHARACTERS = 200;

/**
 * Adds an output `<prefix><name>` to the stack for each name by which the documents and other programs find the parts of a
 * construct. Throws InvalidProps.
 */
export function createOutputs(delivery: WebhookDelivery, prefix: string): void {
  if (!/^(?:[A-Za-z][A-Za-z0-9]*)?$/.test(prefix) || prefix.length > MAX_PREFIX_CHARACTERS) {
    throw new InvalidProps([
      `outputPrefix must be at most ${MAX_PREFIX_CHARACTERS} letters and digits and start with a letter`,
    ]);
  }
  for (const [name, value] of Object.entries(outputsOf(delivery))) {
    // CDK's own id would end in a hash, so nobody could look it up by the name in the documents.
    new CfnOutput(delivery, name, { value }).overrideLogicalId(`${prefix}${name}`);
  }
}

/** The ids from the stack down to the construct. They differ between siblings, and a deployment does not change them. */
export function outputPrefixOf(construct: Construct): string {
  const { scopes } = construct.node;
  const below = scopes.slice(scopes.indexOf(Stack.of(construct)) + 1);
  return below.map(({ node }) => node.id.replaceAll(/[^A-Za-z0-9]/g, '')).join('');
}

function outputsOf({
  queues,
  functions,
  widget,
  database,
  egress,
  dashboardUrl,
}: WebhookDelivery): Record<string, string> {
  return {
    EnqueueFunctionName: functions.enqueue.functionName,
    DeliverFunctionName: functions.deliver.functionName,
    SweepFunctionName: functions.sweep.functionName,
    InspectFunctionName: functions.inspect.functionName,
    OperateFunctionName: functions.operate.functionName,
    MigrateFunctionName: functions.migrate.functionName,
    ...(widget !== undefined && { WidgetFunctionName: widget.functionName }),
    IntakeQueueUrl: queues.intake.queueUrl,
    IntakeDeadLetterQueueUrl: queues.intakeDeadLetters.queueUrl,
    DeliveryQueueUrl: queues.delivery.queueUrl,
    DeliveryDeadLetterQueueUrl: queues.deliveryDeadLetters.queueUrl,
    DatabaseResourceArn: database.cluster.clusterArn,
    DatabaseSecretArn: database.secret.secretArn,
    DatabaseName: database.databaseName,
    DatabaseKind: database.kind,
    DashboardUrl: dashboardUrl,
    // Of a network that is not made here, nobody here knows them.
    ...(egress !== undefined && egress.addresses.length > 0 && { EgressAddresses: egress.addresses.join(',') }),
  };
}
