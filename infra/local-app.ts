// The app of `npm start`: the same stack, with the private addresses that the environment allows.
import { readDeliverySettings } from '../shared/settings.ts';
import { propsFromEnvironment } from './props-from-environment.ts';
import { WebhookDeliveryStack } from './stack.ts';
import { synthesize } from './synthesize.ts';

/** `npm run synth` and the tests validate the template as CloudFormation would; here that would take half of the time. */
const UNVALIDATED = { builtinCloudFormationValidation: false };

synthesize((app) => {
  const { egressAllowCidrs } = readDeliverySettings(process.env);
  const stack = new WebhookDeliveryStack(app, 'WebhookDelivery', {
    delivery: propsFromEnvironment(process.env),
  });
  const { enqueue, deliver } = stack.delivery.functions;
  // Set from outside, because the construct has no prop for it, so that a deployed stack cannot be loosened by mistake.
  for (const lambdaFunction of [enqueue, deliver]) {
    lambdaFunction.addEnvironment('EGRESS_ALLOW_CIDRS', egressAllowCidrs.join(','));
  }
  return stack;
}, UNVALIDATED);
