import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';
import { WebhookDelivery } from './webhook-delivery.ts';

/** Of the ready-made stack: a stack's own props, and `delivery` for the construct in it. */
export type WebhookDeliveryStackProps = StackProps & {
  /** Props of the construct. Default: every prop's own. */
  delivery?: WebhookDeliveryProps;
};

/** The ready-made stack: only the construct, with outputs that have no prefix. */
export class WebhookDeliveryStack extends Stack {
  /** The construct, with its queues, functions, database and grants. */
  readonly delivery: WebhookDelivery;

  constructor(scope: Construct, id: string, props: WebhookDeliveryStackProps = {}) {
    const { delivery, ...stackProps } = props;
    super(scope, id, { description: 'Surehook: durable outbound webhooks', ...stackProps });
    this.delivery = new WebhookDelivery(this, 'Surehook', { outputPrefix: '', ...delivery });
  }
}
