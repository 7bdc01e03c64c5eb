// Real: the policies CDK writes for the stack and for those who hand over webhooks. The functions' code is left out.
import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AccountPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { beforeAll, describe, expect, test } from 'vitest';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import {
  appWithoutBundles,
  FUNCTIONS,
  resourcesOf,
  templateOf,
  theResource,
} from '../support/stack/synthesized-stack.ts';

type Statement = { Effect: string; Action: string | string[]; Resource: unknown };

/** `action on resource` for each right; resources by the start of their logical id. */
function rightsIn(statements: readonly Statement[]): string[] {
  return statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} on ${nameOf(resource)}`)),
    )
    .toSorted();
}

/** Intrinsics flattened, without the hash of logical ids. */
function nameOf(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const { Ref, ...rest } = resource as {
    Ref?: string;
    'Fn::GetAtt'?: [string, string];
    'Fn::Join'?: [string, unknown[]];
  };
  if (Ref !== undefined) return Ref.replace(/^Surehook/, '').replace(/[0-9A-F]{8}$/, '');
  if (rest['Fn::GetAtt'] !== undefined) return nameOf({ Ref: rest['Fn::GetAtt'][0] });
  return (rest['Fn::Join']?.[1] ?? []).map(nameOf).join('');
}

function policyOf(template: Template, rolePrefix: string): Statement[] {
  const { Properties } = theResource(template, 'AWS::IAM::Policy', rolePrefix).resource;
  return (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement;
}

const CLUSTER = 'arn:AWS::Partition:rds:AWS::Region:AWS::AccountId:cluster:Database';
const COMMON = [`rds-data:ExecuteStatement on ${CLUSTER}`, 'secretsmanager:GetSecretValue on DatabaseSecretAttachment'];
const consuming = (queue: string): string[] =>
  ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'].map((action) => `sqs:${action} on ${queue}`);

const ANNOUNCING = 'events:PutEvents on arn:AWS::Partition:events:AWS::Region:AWS::AccountId:event-bus/default';

const RIGHTS = {
  Enqueue: [
    ...consuming('IntakeQueue'),
    'sqs:ChangeMessageVisibility on IntakeQueue',
    'sqs:SendMessage on DeliveryQueue',
    'sqs:SendMessage on IntakeDeadLetterQueue',
  ],
  Deliver: [
    ...consuming('DeliveryQueue'),
    'sqs:SendMessage on DeliveryQueue',
    'sqs:SendMessage on DeliveryDeadLetterQueue',
    'secretsmanager:GetSecretValue on arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:acme/hooks/*',
    ANNOUNCING,
  ],
  Sweep: ['sqs:SendMessage on DeliveryQueue', ANNOUNCING],
  Migrate: [
    ...['BeginTransaction', 'CommitTransaction', 'RollbackTransaction'].map(
      (action) => `rds-data:${action} on ${CLUSTER}`,
    ),
    'cloudformation:DescribeStacks on AWS::StackId',
  ],
  Inspect: ['lambda:InvokeFunction on Deliver'],
  Operate: ['sqs:SendMessage on DeliveryQueue'],
  Widget: ['lambda:InvokeFunction on Inspect'],
};

describe('a function', () => {
  let template: Template;
  beforeAll(() => {
    template = templateOf({ credentialPrefix: 'acme/hooks' });
  });

  test.each(FUNCTIONS)('%s may do its work and nothing else', (id) => {
    const logs = ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => `${action} on ${id}Logs`);
    // The widget has nothing to do with the database.
    const common = id === 'Widget' ? [] : COMMON;
    expect(rightsIn(policyOf(template, `Surehook${id}Role`))).toEqual([...common, ...logs, ...RIGHTS[id]].toSorted());
  });

  test.each(FUNCTIONS)('%s carries no managed policy', (id) => {
    const role = theResource(template, 'AWS::IAM::Role', `Surehook${id}Role`).resource.Properties;
    expect(role).not.toHaveProperty('ManagedPolicyArns');
    expect(role).not.toHaveProperty('Policies');
  });
});

describe('who hands over webhooks', () => {
  function rightsOf(grant: (webhooks: WebhookDelivery, role: Role) => void): string[] {
    const stack = new Stack(appWithoutBundles(), 'Application');
    const role = new Role(stack, 'Upstream', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    grant(new WebhookDelivery(stack, 'Surehook'), role);
    return rightsIn(policyOf(Template.fromStack(stack), 'Upstream'));
  }

  test('by invoke, may invoke enqueue and nothing else', () => {
    expect(rightsOf((webhooks, role) => webhooks.grantEnqueue(role))).toEqual([
      'lambda:InvokeFunction on Enqueue',
      'lambda:InvokeFunction on Enqueue:$LATEST',
    ]);
  });

  test('by queue, may send to the intake queue and nothing else', () => {
    expect(rightsOf((webhooks, role) => webhooks.grantSend(role))).toEqual(['sqs:SendMessage on IntakeQueue']);
  });
});

describe('who operates', () => {
  const invokes = (...functions: string[]) =>
    functions.flatMap((name) => ['', ':$LATEST'].map((version) => `lambda:InvokeFunction on ${name}${version}`));
  const rightsOf = (
    grant: (webhooks: WebhookDelivery, role: Role) => void,
    props: WebhookDeliveryProps = {},
  ): string[] => {
    const stack = new Stack(appWithoutBundles(), 'Application');
    const role = new Role(stack, 'OnCall', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    grant(new WebhookDelivery(stack, 'Surehook', props), role);
    return rightsIn(policyOf(Template.fromStack(stack), 'OnCall'));
  };

  test('may look by inspect and at the widget, which shows some of the same, and change nothing', () => {
    expect(rightsOf((webhooks, role) => webhooks.grantInspect(role))).toEqual(invokes('Inspect', 'Widget'));
    const without = { dashboardWidget: false };
    expect(rightsOf((webhooks, role) => webhooks.grantInspect(role), without)).toEqual(invokes('Inspect'));
  });

  test('may give orders by operate, and nothing else', () => {
    expect(rightsOf((webhooks, role) => webhooks.grantOperate(role))).toEqual(invokes('Operate'));
  });
});

test('two of the construct fit into one stack', () => {
  const stack = new Stack(appWithoutBundles(), 'Application');
  for (const id of ['Orders', 'Calls']) expect(new WebhookDelivery(stack, id).node.path).toBe(`Application/${id}`);
  expect(resourcesOf(Template.fromStack(stack), 'AWS::RDS::DBCluster').size).toBe(2);
});

describe('docs/deploy.md', () => {
  const deploy = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');

  test('names every service in which a deployment makes something, and no other', () => {
    const [, table = ''] = /\| service \| what \|\n\|---\|---\|\n((?:\|.*\|\n)+)/.exec(deploy) ?? [];
    const named = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    const everything = templateOf({ alarmEmail: 'on-call@example.com', staticEgress: {} });
    const types = Object.values(everything.toJSON()['Resources'] as Record<string, { Type: string }>);
    // A custom resource is a stack's own affair, and its provider is among the functions.
    const made = types.map(({ Type }) => Type.replace(/^Custom::.*/, 'AWS::CloudFormation').split('::')[1]);
    expect(named.toSorted()).toEqual([...new Set(made)].toSorted());
  });

  test('lets a sender of another account send to the intake queue, by the grant that stands there', () => {
    const [, account = ''] = /intake\.grantSendMessages\(new AccountPrincipal\('(\d{12})'\)\)/.exec(deploy) ?? [];
    const stack = new Stack(appWithoutBundles(), 'Application', {
      env: { account: '999999999999', region: 'eu-central-1' },
    });
    new WebhookDelivery(stack, 'Surehook').queues.intake.grantSendMessages(new AccountPrincipal(account));
    const policies = [...resourcesOf(Template.fromStack(stack), 'AWS::SQS::QueuePolicy').values()];
    const statements = policies.flatMap(
      ({ Properties }) => (Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] }).Statement,
    );
    const granted = statements.filter(({ Principal }) => JSON.stringify(Principal).includes(account));
    expect(granted).toMatchObject([{ Effect: 'Allow', Action: expect.arrayContaining(['sqs:SendMessage']) }]);
  });
});
