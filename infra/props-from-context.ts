import type { Node } from 'constructs';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';

/**
 * Values that concern the account rather than the webhooks, as given by `cdk deploy -c name=value`: `alarmEmail`, and for an
 * existing cluster `databaseClusterIdentifier`, `databaseSecretArn` and `databaseName`, which must be given together;
 * `databaseSchema` and `applicationSchema`.
 */
export function propsFromContext(node: Node): WebhookDeliveryProps {
  const given = (name: string): string | undefined => {
    const value: unknown = node.tryGetContext(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const alarmEmail = given('alarmEmail');
  const clusterIdentifier = given('databaseClusterIdentifier');
  const secretArn = given('databaseSecretArn');
  const databaseName = given('databaseName');
  const databaseSchema = given('databaseSchema');
  const applicationSchema = given('applicationSchema');
  const existing = clusterIdentifier ?? secretArn ?? databaseName;
  return {
    ...(alarmEmail !== undefined && { alarmEmail }),
    ...(databaseSchema !== undefined && { databaseSchema }),
    ...(applicationSchema !== undefined && { applicationSchema }),
    ...(existing !== undefined && {
      database: {
        kind: 'existing',
        clusterIdentifier: clusterIdentifier ?? '',
        secretArn: secretArn ?? '',
        databaseName: databaseName ?? '',
      },
    }),
  };
}
