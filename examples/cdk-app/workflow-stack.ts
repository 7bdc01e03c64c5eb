import { fileURLToPath } from 'node:url';
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { Construct } from 'constructs';
import { WebhookDelivery } from 'surehook';

/** Webhooks, and a function that hands one over whenever a workflow has finished. */
export class WorkflowStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const webhooks = new WebhookDelivery(this, 'Webhooks', {
      headerPrefix: 'X-Acme',
      retryScheduleSeconds: 'standard-webhooks',
    });

    const finished = new NodejsFunction(this, 'WorkflowFinished', {
      entry: fileURLToPath(new URL('workflow-finished.ts', import.meta.url)),
      runtime: Runtime.NODEJS_24_X,
      // Enqueue answers within 20 s, and the client tries again twice.
      timeout: Duration.minutes(2),
      environment: { ENQUEUE_FUNCTION: webhooks.functions.enqueue.functionName },
    });
    webhooks.grantEnqueue(finished);
  }
}
