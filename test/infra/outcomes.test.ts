// Real: the template that CDK makes, and IAM's rules as the local judge has them. The functions' code is left out.
import { type App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { loadPolicyEngine } from '../../local/aws/iam/iam.ts';
import type { OutcomeName, WebhookDeliveryProps } from '../../infra/surehook.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { OUTCOME_TYPES } from '../../shared/delivery/outcome.ts';
import { appWithoutBundles, templateOf, theResource } from '../support/stack/synthesized-stack.ts';

const existing = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;

function application(props: WebhookDeliveryProps = {}, app: App = appWithoutBundles()) {
  const stack = new Stack(app, 'Acme');
  const webhooks = new WebhookDelivery(stack, 'Webhooks', { database: existing, ...props });
  const on = (outcome: OutcomeName | readonly OutcomeName[]) =>
    webhooks.onOutcome(outcome, new SqsQueue(new Queue(stack, `Queue${stack.node.children.length}`)));
  return { stack, webhooks, on, template: () => Template.fromStack(stack) };
}

function variableOf(template: Template, id: string, name: string): unknown {
  const { Environment } = theResource(template, 'AWS::Lambda::Function', id).resource.Properties;
  return (Environment as { Variables: Record<string, unknown> }).Variables[name];
}

describe('onOutcome', () => {
  test('makes a rule for this construct’s own events of that kind', () => {
    const { on, template } = application();
    on('Webhook Dead-Lettered');
    const { Properties } = theResource(template(), 'AWS::Events::Rule', 'WebhooksOnWebhookDeadLettered').resource;
    expect(Properties).toMatchObject({
      EventBusName: 'default',
      EventPattern: {
        source: ['surehook'],
        'detail-type': ['Webhook Dead-Lettered'],
        detail: { service: ['Acme/Webhooks'] },
      },
      Targets: [{ Arn: expect.anything() }],
    });
  });

  test('takes several outcomes, several times', () => {
    const { on, template } = application();
    on(['Endpoint Down', 'Endpoint Up']);
    on(['Endpoint Down', 'Endpoint Up']);
    const rules = template().findResources('AWS::Events::Rule', {
      Properties: { EventPattern: { 'detail-type': ['Endpoint Down', 'Endpoint Up'] } },
    });
    expect(Object.keys(rules)).toHaveLength(2);
  });

  test('tells two constructs on one bus apart', () => {
    const { stack, on, template } = application();
    const other = new WebhookDelivery(stack, 'Others', { database: existing });
    on('Endpoint Down');
    other.onOutcome('Endpoint Down', new SqsQueue(new Queue(stack, 'QueueOfOthers')));
    for (const service of ['Acme/Webhooks', 'Acme/Others']) {
      const pattern = Match.objectLike({ detail: { service: [service] } });
      template().resourcePropertiesCountIs('AWS::Events::Rule', { EventPattern: pattern }, 1);
    }
    expect(variableOf(template(), 'OthersDeliver', 'OUTCOME_SERVICE')).toBe('Acme/Others');
  });

  test.each<[WebhookDeliveryProps, OutcomeName | OutcomeName[]]>([
    [{}, 'Webhook Delivered'],
    [{ outcomes: 'none' }, 'Endpoint Down'],
    [{ outcomes: 'failures' }, ['Endpoint Down', 'Webhook Delivered']],
    [{}, []],
  ])('with %j refuses %j, which would get nothing', (props, outcome) => {
    expect(() => application(props).on(outcome)).toThrow(/invalid props: onOutcome/);
  });

  test('refuses a mistyped outcome, which nobody would ever be woken by', () => {
    expect(() => application({}).on('Endpoint Dwon' as OutcomeName)).toThrow(
      "onOutcome: 'Endpoint Dwon' is no outcome: did you mean 'Endpoint Down'?",
    );
  });

  test('knows the outcomes that are told, and no other', () => {
    const { on } = application({ outcomes: 'all' });
    expect(() => on(Object.values(OUTCOME_TYPES))).not.toThrow();
  });
});

describe('the bus', () => {
  const busOf = (template: Template) => JSON.stringify(variableOf(template, 'WebhooksDeliver', 'OUTCOME_BUS_ARN'));

  test('is the account’s default one, one of its name or ARN, or a construct', () => {
    expect(busOf(application().template())).toContain('event-bus/default');
    expect(busOf(application({ outcomeBus: 'acme' }).template())).toContain('event-bus/acme');
    const arn = 'arn:aws:events:eu-central-1:444455556666:event-bus/central';
    expect(busOf(application({ outcomeBus: arn }).template())).toBe(JSON.stringify(arn));
    const app = appWithoutBundles();
    const own = new EventBus(new Stack(app, 'Buses'), 'Own');
    expect(busOf(application({ outcomeBus: own }, app).template())).toContain('Fn::ImportValue');
  });

  test('is refused where it cannot be one', () => {
    expect(() => application({ outcomeBus: 'not a bus' })).toThrow(/outcomeBus must be the name or the ARN/);
  });
});

describe('announcing', () => {
  const announcers = (template: Template) =>
    ['Enqueue', 'Deliver', 'Sweep', 'Migrate', 'Inspect', 'Operate'].filter((id) =>
      JSON.stringify(theResource(template, 'AWS::IAM::Policy', `Surehook${id}Role`).resource).includes('events:'),
    );

  test('is a right of deliver and the sweep, and of nobody where nothing is announced', () => {
    expect(announcers(templateOf())).toEqual(['Deliver', 'Sweep']);
    expect(announcers(templateOf({ outcomes: 'none' }))).toEqual([]);
  });

  test.each([
    ['its own source on its own bus', 'default', ['surehook'], 'allowed'],
    ['another source', 'default', ['acme.orders'], 'denied'],
    ['another source beside its own', 'default', ['surehook', 'acme.orders'], 'denied'],
    ['no source', 'default', undefined, 'denied'],
    ['its own source on another bus', 'others', ['surehook'], 'denied'],
  ] as const)('with %s is %4$s', async (_what, bus, sources, verdict) => {
    const { PolicyDocument } = theResource(templateOf(), 'AWS::IAM::Policy', 'SurehookDeliverRole').resource.Properties;
    const text = JSON.stringify(PolicyDocument).replaceAll(
      /\{"Fn::Join":\["",\["arn:",\{"Ref":"AWS::Partition"\},":events:",.*?,":event-bus\/default"\]\]\}/g,
      JSON.stringify('arn:aws:events:us-east-1:000000000000:event-bus/default'),
    );
    const statements = (JSON.parse(text) as { Statement: { Action: unknown }[] }).Statement;
    const document = {
      Version: '2012-10-17',
      Statement: statements.filter(({ Action }) => Action === 'events:PutEvents'),
    };
    const engine = await loadPolicyEngine({ accountId: '000000000000' });
    const judged = await engine.judge({
      principal: 'arn:aws:sts::000000000000:assumed-role/deliver/deliver',
      action: 'events:PutEvents',
      resource: `arn:aws:events:us-east-1:000000000000:event-bus/${bus}`,
      context: sources === undefined ? {} : { 'events:source': [...sources] },
      identityPolicies: [{ name: 'own', document }],
      resourcePolicies: [],
    });
    expect(judged.kind).toBe(verdict);
  });
});
