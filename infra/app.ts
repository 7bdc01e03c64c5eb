// The app of `cdk deploy` and `npm run synth`: the stack with the settings of the environment. Whatever EGRESS_ALLOW_CIDRS
// says, a deployed stack allows no private address.
import { propsFromContext } from './props-from-context.ts';
import { propsFromEnvironment } from './props-from-environment.ts';
import { WebhookDeliveryStack } from './stack.ts';
import { synthesize } from './synthesize.ts';

synthesize((app) => {
  const delivery = { ...propsFromEnvironment(process.env), ...propsFromContext(app.node) };
  return new WebhookDeliveryStack(app, 'WebhookDelivery', { delivery });
});
