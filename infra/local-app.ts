// What `npm start` takes: the same stack, with the private addresses that the environment allows.
import { readDeliverySettings } from '../shared/settings.ts';
import { propsFromEnvironment } from './props-from-environment.ts';
import { WebhookDeliveryStack } from './stack.ts';
import { synthesize } from './synthesize.ts';

/** On one machine each invocation at once is a process of some 100 MB: 200 deliveries under way are enough there. */
const LOCAL_CONCURRENCY = { deliverConcurrency: 20, intakeConcurrency: 5 };

/** What CloudFormation makes of the template is looked at by `npm run synth` and by tests; here it is half of the time. */
const UNVALIDATED = { builtinCloudFormationValidation: false };

synthesize((app) => {
  const { egressAllowCidrs } = readDeliverySettings(process.env);
  const stack = new WebhookDeliveryStack(app, 'WebhookDelivery', {
    delivery: { ...propsFromEnvironment(process.env), ...LOCAL_CONCURRENCY },
  });
  const { enqueue, deliver } = stack.delivery.functions;
  // Set over the construct, which has no prop for it: a deployed stack cannot be loosened by mistake.
  for (const lambdaFunction of [enqueue, deliver]) {
    lambdaFunction.addEnvironment('EGRESS_ALLOW_CIDRS', egressAllowCidrs.join(','));
  }
  return stack;
}, UNVALIDATED);
