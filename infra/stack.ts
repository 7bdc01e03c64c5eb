import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';
import { WebhookDelivery } from './webhook-delivery.ts';

/** The ready-made stack: only the construct, with outputs that have no prefix. */
export class WebhookDeliveryStack extends Stack {
  readonly delivery: WebhookDelivery;

  constructor(scope: Construct, id: string, props: StackProps & { delivery?: WebhookDeliveryProps } = {}) {
    const { delivery, ...stackProps } = props;
    super(scope, id, { description: 'Surehook: durable outbound webhooks', ...stackProps });
    this.delivery = new WebhookDelivery(this, 'Surehook', { outputPrefix: '', ...delivery });
  }
}
