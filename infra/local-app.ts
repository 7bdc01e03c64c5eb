// What `npm start` takes: the same stack, with the private addresses that the environment allows.
import { readDeliverySettings } from '../shared/settings.ts';
import { propsFromEnvironment } from './props-from-environment.ts';
import { WebhookDeliveryStack } from './stack.ts';
import { synthesize } from './synthesize.ts';

/** What CloudFormation makes of the template is looked at by `npm run synth` and by tests; here it is half of the time. */
const UNVALIDATED = { builtinCloudFormationValidation: false };

synthesize((app) => {
  const { egressAllowCidrs } = readDeliverySettings(process.env);
  const stack = new WebhookDeliveryStack(app, 'WebhookDelivery', {
    delivery: propsFromEnvironment(process.env),
  });
  const { enqueue, deliver } = stack.delivery.functions;
  // Set over the construct, which has no prop for it: a deployed stack cannot be loosened by mistake.
  for (const lambdaFunction of [enqueue, deliver]) {
    lambdaFunction.addEnvironment('EGRESS_ALLOW_CIDRS', egressAllowCidrs.join(','));
  }
  return stack;
}, UNVALIDATED);
