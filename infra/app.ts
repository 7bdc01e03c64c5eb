// What `cdk deploy` and `npm run synth` take: the stack of the settings in the environment. Whatever EGRESS_ALLOW_CIDRS
// says there, a deployed stack allows no private address.
import { propsFromContext } from './props-from-context.ts';
import { propsFromEnvironment } from './props-from-environment.ts';
import { WebhookDeliveryStack } from './stack.ts';
import { synthesize } from './synthesize.ts';

synthesize((app) => {
  const delivery = { ...propsFromEnvironment(process.env), ...propsFromContext(app.node) };
  return new WebhookDeliveryStack(app, 'WebhookDelivery', { delivery });
});
