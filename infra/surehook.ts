// What an app imports from the package: `import { WebhookDelivery } from 'surehook'`.
export type { Database } from './database.ts';
export type { AlarmName, AlarmSwitches, AlarmThresholds } from './alarm-props.ts';
export type { DeliveryAlarms } from './alarms.ts';
export type { DeliveryFunctions } from './functions.ts';
export type { IWebhookDelivery, WebhookDeliveryAttributes } from './imported-webhook-delivery.ts';
export type { Queues } from './queues.ts';
export type { Egress } from './static-egress.ts';
export { InvalidProps } from './resolve-props.ts';
export { WebhookDeliveryStack, type WebhookDeliveryStackProps } from './stack.ts';
export type {
  ExistingDatabase,
  ExistingNetwork,
  NewDatabase,
  OutcomeName,
  RemovalPolicies,
  StaticEgress,
  WebhookDeliveryProps,
} from './webhook-delivery-props.ts';
export { WebhookDelivery } from './webhook-delivery.ts';
