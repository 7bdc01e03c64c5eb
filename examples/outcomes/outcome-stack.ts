import { fileURLToPath } from 'node:url';
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { WebhookDelivery, type WebhookDeliveryProps } from 'surehook';

export type OutcomeStackProps = StackProps & { delivery?: WebhookDeliveryProps };

/** Webhooks; a channel that is told of endpoints; a table of the application and a queue that are told of single webhooks. */
export class OutcomeStack extends Stack {
  constructor(scope: Construct, id: string, { delivery, ...props }: OutcomeStackProps = {}) {
    super(scope, id, props);
    const webhooks = new WebhookDelivery(this, 'Webhooks', { outcomes: 'all', ...delivery });

    const slack = Secret.fromSecretNameV2(this, 'Slack', 'slack/webhooks-channel');
    const tellSlack = this.#function('TellSlack', 'tell-slack.ts', { SLACK_SECRET: slack.secretName });
    slack.grantRead(tellSlack);
    webhooks.onOutcome(['Endpoint Down', 'Endpoint Up'], new LambdaFunction(tellSlack));

    const { cluster, secret, databaseName } = webhooks.database;
    const noteOutcome = this.#function('NoteOutcome', 'note-outcome.ts', {
      DATABASE_RESOURCE_ARN: cluster.clusterArn,
      DATABASE_SECRET_ARN: secret.secretArn,
      DATABASE_NAME: databaseName,
    });
    cluster.grantDataApiAccess(noteOutcome);
    webhooks.onOutcome(
      ['Webhook Delivered', 'Webhook Dead-Lettered', 'Webhook Recovered'],
      new LambdaFunction(noteOutcome),
    );

    // For whoever works dead letters off by hand, or in batches.
    const deadLetters = new Queue(this, 'DeadLetters', { enforceSSL: true });
    webhooks.onOutcome('Webhook Dead-Lettered', new SqsQueue(deadLetters));
  }

  #function(id: string, file: string, environment: Record<string, string>): NodejsFunction {
    return new NodejsFunction(this, id, {
      entry: fileURLToPath(new URL(file, import.meta.url)),
      runtime: Runtime.NODEJS_24_X,
      timeout: Duration.seconds(30),
      environment,
    });
  }
}
