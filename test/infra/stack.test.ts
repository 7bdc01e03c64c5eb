// Real: the template CDK makes of the stack, without bundles; the handlers, for what they read of their environment.
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { coldStart, deployedEnvironment } from '../support/stack/cold-start.ts';
import {
  environmentOf,
  FUNCTIONS,
  resourcesOf,
  templateOf,
  theFunction,
  theResource,
} from '../support/stack/synthesized-stack.ts';

let template: Template;
let slow: Template;

beforeAll(() => {
  template = templateOf();
  slow = templateOf({ attemptTimeoutSeconds: 600, retryScheduleSeconds: [5, 300, 1800], retryStatuses: [401, 404] });
});

const DAY_SECONDS = 86_400;
const QUEUES = ['IntakeQueue', 'IntakeDeadLetterQueue', 'DeliveryQueue', 'DeliveryDeadLetterQueue'];

describe('the queues', () => {
  test.each([
    ['IntakeQueue', 'IntakeDeadLetterQueue', 226],
    ['DeliveryQueue', 'DeliveryDeadLetterQueue', 10],
  ])('%s hands what was received too often to a queue that keeps it longer', (source, deadLetters, receives) => {
    const from = theResource(template, 'AWS::SQS::Queue', `Surehook${source}`).resource.Properties;
    const to = theResource(template, 'AWS::SQS::Queue', `Surehook${deadLetters}`);
    expect(from['RedrivePolicy']).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [to.id, 'Arn'] },
      maxReceiveCount: receives,
    });
    expect(from['MessageRetentionPeriod']).toBe(4 * DAY_SECONDS);
    expect(to.resource.Properties['MessageRetentionPeriod']).toBe(14 * DAY_SECONDS);
  });

  test.each([
    ['Enqueue', 'IntakeQueue'],
    ['Deliver', 'DeliveryQueue'],
  ] as const)('hide what %s reads for six of its timeouts', (reader, queue) => {
    for (const stack of [template, slow]) {
      const { VisibilityTimeout } = theResource(stack, 'AWS::SQS::Queue', `Surehook${queue}`).resource.Properties;
      expect(VisibilityTimeout).toBe(6 * Number(theFunction(stack, reader).properties['Timeout']));
    }
  });

  test.each(QUEUES)('%s is encrypted, speaks TLS only, and stays when the stack goes', (queue) => {
    const { id, resource } = theResource(template, 'AWS::SQS::Queue', `Surehook${queue}`);
    expect(resource.Properties['SqsManagedSseEnabled']).toBe(true);
    expect(resource.DeletionPolicy).toBe('RetainExceptOnCreate');
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: id }],
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      }),
    });
  });
});

describe('the functions', () => {
  test.each(FUNCTIONS)('%s gets the settings it reads and no others', async (id) => {
    const environment = deployedEnvironment(template, id);
    const { failure, read } = await coldStart(id, environment);
    // Of a build that failed at its settings nobody knows what else it would have read.
    expect(failure?.name).not.toBe('MalformedSettings');
    expect(Object.keys(environment).toSorted()).toEqual(read);
  });

  test.each(FUNCTIONS)('%s runs on Node 24 and writes JSON into a log group of its own', (id) => {
    const logs = theResource(template, 'AWS::Logs::LogGroup', `Surehook${id}Logs`);
    expect(theFunction(template, id).properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: logs.id } },
    });
    expect(logs.resource).toMatchObject({
      Properties: { RetentionInDays: 30 },
      DeletionPolicy: 'RetainExceptOnCreate',
    });
  });

  test('are traced only where that is asked for, and have the rights for it only then', () => {
    const modes = (props: WebhookDeliveryProps) => {
      const stack = templateOf(props);
      const policies = JSON.stringify([...resourcesOf(stack, 'AWS::IAM::Policy').values()]);
      const traced = FUNCTIONS.map((id) => theFunction(stack, id).properties['TracingConfig']);
      return { traced: [...new Set(traced.map((mode) => JSON.stringify(mode)))], mayTrace: policies.includes('xray:') };
    };
    expect(modes({})).toEqual({ traced: [undefined], mayTrace: false });
    expect(modes({ tracing: 'active' })).toEqual({ traced: ['{"Mode":"Active"}'], mayTrace: true });
    expect(modes({ tracing: 'pass-through' })).toEqual({ traced: ['{"Mode":"PassThrough"}'], mayTrace: true });
  });

  test('allow no private address', () => {
    expect(environmentOf(template, 'Enqueue')['EGRESS_ALLOW_CIDRS']).toBe('');
    expect(environmentOf(template, 'Deliver')['EGRESS_ALLOW_CIDRS']).toBe('');
  });

  test('a retry schedule reaches deliver, and that there is none does, too', () => {
    expect(environmentOf(template, 'Deliver')['WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS']).toBe('');
    expect(environmentOf(slow, 'Deliver')['WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS']).toBe('5,300,1800');
  });

  test('statuses to try again reach deliver, and that there are none does, too', () => {
    expect(environmentOf(template, 'Deliver')['WEBHOOK_DELIVERY_RETRY_STATUSES']).toBe('');
    expect(environmentOf(slow, 'Deliver')['WEBHOOK_DELIVERY_RETRY_STATUSES']).toBe('401,404');
  });

  test('deliver says how often it tries and for how long', () => {
    expect(theFunction(template, 'Deliver').properties['Description']).toContain('the last 7.5 to 8.3 minutes');
  });

  test('deliver outlives its longest attempt', () => {
    expect(theFunction(template, 'Deliver').properties['Timeout']).toBe(60);
    expect(theFunction(slow, 'Deliver').properties['Timeout']).toBe(630);
  });

  test('only deliver and operate may be invoked by what they send', () => {
    const allowed = FUNCTIONS.filter((id) => theFunction(template, id).properties['RecursiveLoop'] === 'Allow');
    expect(allowed).toEqual(['Deliver', 'Operate']);
  });

  test('an asynchronous enqueue that fails for good ends in the intake dead-letter queue', () => {
    const deadLetters = theResource(template, 'AWS::SQS::Queue', 'SurehookIntakeDeadLetterQueue').id;
    expect(theFunction(template, 'Enqueue').properties['DeadLetterConfig']).toEqual({
      TargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] },
    });
  });

  test.each([
    ['Enqueue', 'IntakeQueue', 20],
    ['Deliver', 'DeliveryQueue', 50],
  ] as const)('%s is fed by the %s in batches of ten whose failures are partial', (id, queue, atOnce) => {
    const source = theResource(template, 'AWS::Lambda::EventSourceMapping', `Surehook${id}`).resource.Properties;
    expect(source).toMatchObject({
      FunctionName: { Ref: theFunction(template, id).id },
      EventSourceArn: { 'Fn::GetAtt': [theResource(template, 'AWS::SQS::Queue', `Surehook${queue}`).id, 'Arn'] },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: atOnce },
    });
  });

  test('the sweep runs every five minutes, and a run that failed is not repeated', () => {
    expect(theResource(template, 'AWS::Events::Rule').resource.Properties).toMatchObject({
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [{ RetryPolicy: { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 300 } }],
    });
    expect(theResource(template, 'AWS::Lambda::EventInvokeConfig').resource.Properties).toMatchObject({
      FunctionName: { Ref: theFunction(template, 'Sweep').id },
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 300,
    });
  });
});

describe('the migration', () => {
  test('runs once the writer is there', () => {
    const writer = theResource(template, 'AWS::RDS::DBInstance').id;
    expect(theResource(template, 'Custom::Trigger', 'SurehookMigrate').resource.DependsOn).toContain(writer);
  });

  test('has run before anything that uses the tables is deployed', () => {
    const trigger = theResource(template, 'Custom::Trigger', 'SurehookMigrate').id;
    const users = [
      // The widget asks inspect, and has nothing to do with tables.
      ...FUNCTIONS.filter((id) => id !== 'Migrate' && id !== 'Widget').map((id) =>
        theResource(template, 'AWS::Lambda::Function', `Surehook${id}`),
      ),
      ...[...resourcesOf(template, 'AWS::Lambda::EventSourceMapping').values()].map((resource) => ({ resource })),
      theResource(template, 'AWS::Events::Rule'),
    ];
    for (const { resource } of users) expect(resource.DependsOn).toContain(trigger);
  });

  test('is waited for a little longer than it may take', () => {
    const timeoutMs = Number(
      theResource(template, 'Custom::Trigger', 'SurehookMigrate').resource.Properties['Timeout'],
    );
    const ownMs = 1000 * Number(theFunction(template, 'Migrate').properties['Timeout']);
    expect(timeoutMs).toBeGreaterThan(ownMs);
    // CDK's provider has fifteen minutes.
    expect(timeoutMs).toBeLessThan(900_000);
  });
});

describe('the outputs', () => {
  test('are those that other programs rely on', () => {
    expect(Object.keys(template.findOutputs('*')).toSorted()).toEqual([
      'DashboardUrl',
      'DatabaseKind',
      'DatabaseName',
      'DatabaseResourceArn',
      'DatabaseSecretArn',
      'DeliverFunctionName',
      'DeliveryDeadLetterQueueUrl',
      'DeliveryQueueUrl',
      'EnqueueFunctionName',
      'InspectFunctionName',
      'IntakeDeadLetterQueueUrl',
      'IntakeQueueUrl',
      'MigrateFunctionName',
      'OperateFunctionName',
      'SweepFunctionName',
      'WidgetFunctionName',
    ]);
  });
});
