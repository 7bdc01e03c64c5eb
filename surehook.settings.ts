import type { StackSettings } from './infra/stack-settings.ts';

/**
 * What this team decides about its webhooks. `cdk deploy`, `cdk diff`, `npm run synth` and `npm start` read this file, so
 * that each of them means the same stack: commit it. Every member with its unit, range, default and reason:
 * infra/webhook-delivery-props.ts.
 */
export default {} satisfies StackSettings;
