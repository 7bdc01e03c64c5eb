// The app of `cdk deploy` and `npm run synth`: the stack with the settings of the file, the environment and the flags. Whatever
// EGRESS_ALLOW_CIDRS says, a deployed stack allows no private address but those of the setting `privateReceivers`.
import { gatherSettings } from './gather-settings.ts';
import { readSettingsFile } from './settings-file.ts';
import { WebhookDeliveryStack } from './stack.ts';
import { flagsOf, synthesize } from './synthesize.ts';

await synthesize(async (app) => {
  const file = await readSettingsFile(process.env);
  const { settings, told } = gatherSettings({ file, environment: process.env, flags: flagsOf(app) });
  for (const line of told) process.stderr.write(`${line}\n`);
  const { stackName, ...delivery } = settings;
  return new WebhookDeliveryStack(app, 'WebhookDelivery', { ...(stackName !== undefined && { stackName }), delivery });
});
