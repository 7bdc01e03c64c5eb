// The app of `npm start`: the same stack, with the private addresses that the environment allows.
import { readDeliverySettings } from '../shared/settings.ts';
import { gatherSettings } from './gather-settings.ts';
import { readSettingsFile } from './settings-file.ts';
import { WebhookDeliveryStack } from './stack.ts';
import type { StackSettings } from './stack-settings.ts';
import { flagsOf, synthesize } from './synthesize.ts';

/** `npm run synth` and the tests validate the template as CloudFormation would; here that would take half of the time. */
const UNVALIDATED = { builtinCloudFormationValidation: false };

await synthesize(async (app) => {
  const file = await readSettingsFile(process.env);
  const { settings } = gatherSettings({ file, environment: process.env, flags: flagsOf(app) });
  const stack = new WebhookDeliveryStack(app, 'WebhookDelivery', {
    // Somebody's event bus is not on this machine either.
    delivery: { ...settings, outcomeBus: 'default', database: ownDatabase(settings) },
  });
  const { egressAllowCidrs } = readDeliverySettings(process.env);
  const { enqueue, deliver } = stack.delivery.functions;
  // Set from outside, because the construct has no prop for it, so that a deployed stack cannot be loosened by mistake.
  for (const lambdaFunction of [enqueue, deliver]) {
    lambdaFunction.addEnvironment('EGRESS_ALLOW_CIDRS', egressAllowCidrs.join(','));
  }
  return stack;
}, UNVALIDATED);

/** In place of somebody's cluster, which is not on this machine: one with a database of the same name. */
function ownDatabase({ database }: StackSettings): NonNullable<StackSettings['database']> {
  if (database?.kind !== 'existing') return database ?? { kind: 'new' };
  return { kind: 'new', databaseName: database.databaseName };
}
