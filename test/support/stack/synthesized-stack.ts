import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { WebhookDeliveryStack } from '../../../infra/stack.ts';
import type { WebhookDeliveryProps } from '../../../infra/webhook-delivery-props.ts';

export type Resource = {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  DeletionPolicy?: string;
};

/** An app without bundles and without CloudFormation's schemas: both take seconds, and synth.test.ts has them. */
export function appWithoutBundles(): App {
  return new App({
    context: { 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
}

/** The template of the stack for the props that matter. */
export function templateOf(delivery: WebhookDeliveryProps = {}): Template {
  return Template.fromStack(new WebhookDeliveryStack(appWithoutBundles(), 'WebhookDelivery', { delivery }));
}

export function resourcesOf(template: Template, type: string): Map<string, Resource> {
  return new Map(Object.entries(template.findResources(type)) as [string, Resource][]);
}

/** The one resource of a type whose logical id begins so. */
export function theResource(template: Template, type: string, prefix = ''): { id: string; resource: Resource } {
  const found = [...resourcesOf(template, type)].filter(([id]) => id.startsWith(prefix));
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} of ${type} ${prefix}`);
  return { id: only[0], resource: only[1] };
}

export const FUNCTIONS = ['Enqueue', 'Deliver', 'Sweep', 'Migrate', 'Inspect', 'Operate', 'Widget'] as const;
export type FunctionId = (typeof FUNCTIONS)[number];

export function theFunction(template: Template, id: FunctionId): { id: string; properties: Record<string, unknown> } {
  const { id: logicalId, resource } = theResource(template, 'AWS::Lambda::Function', `Surehook${id}`);
  return { id: logicalId, properties: resource.Properties };
}

export function environmentOf(template: Template, id: FunctionId): Record<string, unknown> {
  const { Environment } = theFunction(template, id).properties as {
    Environment: { Variables: Record<string, unknown> };
  };
  return Environment.Variables;
}
