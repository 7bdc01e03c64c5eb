// By what a stack is found. Real: the templates CDK makes of the ready stack and of the construct in an app of one's own, and
// the documents. The functions' code is left out.
import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { appWithoutBundles, templateOf } from '../support/stack/synthesized-stack.ts';

const database = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;

const READY = outputsOf(templateOf());

function outputsOf(template: Template): Record<string, unknown> {
  const outputs = Object.entries(template.findOutputs('*') as Record<string, { Value: unknown }>);
  return Object.fromEntries(outputs.map(([name, { Value }]) => [name, Value]));
}

/** The outputs of a stack of one's own in which `fill` places constructs. */
function ownStack(
  fill: (place: (scope: Construct, id: string, props?: WebhookDeliveryProps) => void, stack: Stack) => void,
) {
  const stack = new Stack(appWithoutBundles(), 'acme-workflows-production');
  fill((scope, id, props) => void new WebhookDelivery(scope, id, { database, ...props }), stack);
  return outputsOf(Template.fromStack(stack));
}

function prefixed(...prefixes: string[]): string[] {
  return prefixes.flatMap((prefix) => Object.keys(READY).map((name) => `${prefix}${name}`)).toSorted();
}

describe('the construct in a stack of one’s own', () => {
  test('gives every output of the ready stack, named after its id', () => {
    const outputs = ownStack((place, stack) => place(stack, 'Webhooks'));
    expect(Object.keys(outputs).toSorted()).toEqual(prefixed('Webhooks'));
    expect(outputs).toMatchObject({ WebhooksDatabaseName: 'app', WebhooksDatabaseKind: 'existing' });
  });

  test('shares it with others, also with such as have the same id elsewhere', () => {
    const outputs = ownStack((place, stack) => {
      place(stack, 'Webhooks');
      place(stack, 'Audit-Webhooks');
      place(new Construct(stack, 'Partners'), 'Webhooks');
    });
    expect(Object.keys(outputs).toSorted()).toEqual(
      prefixed('AuditWebhooks', 'PartnersWebhooks', 'Webhooks').toSorted(),
    );
    const functions = Object.entries(outputs).filter(([name]) => name.endsWith('EnqueueFunctionName'));
    expect(new Set(functions.map(([, value]) => JSON.stringify(value))).size).toBe(3);
  });

  test('keeps its names whatever else the stack holds', () => {
    const alone = ownStack((place, stack) => place(stack, 'Webhooks'));
    const beside = ownStack((place, stack) => {
      place(stack, 'Other');
      place(stack, 'Webhooks');
    });
    expect(beside).toMatchObject(alone);
  });

  test('takes a prefix of its own, where two ids read the same without their signs', () => {
    expect(() =>
      ownStack((place, stack) => {
        place(stack, 'Web-Hooks');
        place(stack, 'WebHooks');
      }),
    ).toThrow(/Outputs.*WebHooks/);
    const outputs = ownStack((place, stack) => {
      place(stack, 'Web-Hooks', { outputPrefix: 'First' });
      place(stack, 'WebHooks');
    });
    expect(Object.keys(outputs).toSorted()).toEqual(prefixed('First', 'WebHooks'));
  });

  test.each(['1st', 'Web-Hooks', 'W'.repeat(201)])('refuses %j as a prefix', (outputPrefix) => {
    expect(() => ownStack((place, stack) => place(stack, 'Webhooks', { outputPrefix }))).toThrow(
      'outputPrefix must be at most 200 letters and digits and start with a letter',
    );
  });
});

describe.each(['README.md', 'docs/deploy.md', 'docs/runbook.md'])('%s', (path) => {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

  test('looks up nothing that a stack does not give', () => {
    const looked = [...text.matchAll(/\boutput ([A-Z]\w+)|\blogs ([A-Z]\w+)|<(\w+FunctionName)>/g)].map(
      ([, output, logs, placeholder]) => output ?? placeholder ?? `${logs}FunctionName`,
    );
    expect(looked.length).toBeGreaterThan(0);
    expect(looked.filter((name) => !Object.keys(READY).includes(name))).toEqual([]);
  });
});
