// What `npm start` takes: the same stack, with the private addresses that the environment allows.
import { readDeliverySettings } from '../shared/settings.ts';
import { propsFromEnvironment } from './props-from-environment.ts';
import { WebhookDeliveryStack } from './stack.ts';
import { synthesize } from './synthesize.ts';

synthesize((app) => {
  const { egressAllowCidrs } = readDeliverySettings(process.env);
  const { delivery } = new WebhookDeliveryStack(app, 'WebhookDelivery', {
    delivery: propsFromEnvironment(process.env),
  });
  // Set over the construct, which has no prop for it: a deployed stack cannot be loosened by mistake.
  for (const lambdaFunction of [delivery.functions.enqueue, delivery.functions.deliver]) {
    lambdaFunction.addEnvironment('EGRESS_ALLOW_CIDRS', egressAllowCidrs.join(','));
  }
});
