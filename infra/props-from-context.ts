import type { Node } from 'constructs';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';

/**
 * What concerns the account rather than the webhooks, as `cdk deploy -c name=value` gives it: `alarmEmail`, and for an
 * existing cluster `databaseClusterIdentifier`, `databaseSecretArn` and `databaseName`, of which one demands the others.
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
  const existing = clusterIdentifier ?? secretArn ?? databaseName;
  return {
    ...(alarmEmail !== undefined && { alarmEmail }),
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
