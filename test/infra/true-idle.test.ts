// What lets a database sleep. Real: the template CDK makes of the stack, the handlers for what they read. The functions' code is left out.
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveProps } from '../../infra/resolve-props.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { coldStart, deployedEnvironment } from '../support/stack/cold-start.ts';
import { environmentOf, resourcesOf, templateOf, theResource } from '../support/stack/synthesized-stack.ts';

const WRITERS = ['Enqueue', 'Deliver', 'Sweep', 'Migrate', 'Operate'] as const;

let template: Template;
beforeAll(() => {
  template = templateOf({ database: { kind: 'new', minCapacity: 0 } });
});

type Statement = { Action: string | string[]; Resource: unknown };

/** What a function may do with the queue of markers. */
function rightsOnMarkers(id: string): string[] {
  const queue = theResource(template, 'AWS::SQS::Queue', 'SurehookMarkerQueue').id;
  const policy = theResource(template, 'AWS::IAM::Policy', `Surehook${id}Role`).resource.Properties['PolicyDocument'];
  return (policy as { Statement: Statement[] }).Statement.filter(({ Resource }) =>
    JSON.stringify(Resource).includes(queue),
  )
    .flatMap(({ Action }) => Action)
    .toSorted();
}

describe('a database with minimum capacity 0', () => {
  test('falls asleep after six minutes without a call', () => {
    expect(theResource(template, 'AWS::RDS::DBCluster').resource.Properties).toMatchObject({
      ServerlessV2ScalingConfiguration: { MinCapacity: 0, SecondsUntilAutoPause: 360 },
    });
  });

  test('has a queue of markers that is encrypted, keeps them as long as it can, and goes with the stack', () => {
    const { resource } = theResource(template, 'AWS::SQS::Queue', 'SurehookMarkerQueue');
    expect(resource).toMatchObject({
      Properties: { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600, VisibilityTimeout: 240 },
      DeletionPolicy: 'Delete',
    });
  });

  test.each(WRITERS)('%s, which may make something pending, puts markers there', (id) => {
    const { id: queue } = theResource(template, 'AWS::SQS::Queue', 'SurehookMarkerQueue');
    expect(environmentOf(template, id)['MARKER_QUEUE_URL']).toEqual({ Ref: queue });
    const taking = ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'];
    expect(rightsOnMarkers(id)).toEqual([...(id === 'Sweep' ? taking : []), 'sqs:SendMessage']);
  });

  test('inspect, which changes nothing, knows nothing of them', () => {
    expect(environmentOf(template, 'Inspect')).not.toHaveProperty('MARKER_QUEUE_URL');
    expect(rightsOnMarkers('Inspect')).toEqual([]);
  });

  test.each(WRITERS)('%s gets the settings it reads and no others', async (id) => {
    const environment = { ...deployedEnvironment(template, id), MARKER_QUEUE_URL: 'http://127.0.0.1:1/0/markers' };
    const { failure, read } = await coldStart(id, environment);
    expect(failure?.name).not.toBe('MalformedSettings');
    expect(Object.keys(environment).toSorted()).toEqual(read);
  });

  test('is asked three times a day in any case, by a schedule that waits for the migration', () => {
    const { resource } = theResource(template, 'AWS::Events::Rule', 'SurehookLookSchedule');
    expect(resource.Properties).toMatchObject({
      ScheduleExpression: 'rate(8 hours)',
      Targets: [{ Input: '{"look":true}', RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 3600 } }],
    });
    expect(resource.DependsOn).toContain(theResource(template, 'Custom::Trigger', 'SurehookMigrate').id);
  });

  test('keeps a caller of enqueue waiting until it is awake, unless the team has said for how long', () => {
    expect(environmentOf(template, 'Enqueue')['WEBHOOK_ENQUEUE_TIMEOUT_SECONDS']).toBe('45');
    const said = templateOf({ database: { kind: 'new', minCapacity: 0 }, enqueueTimeoutSeconds: 30 });
    expect(environmentOf(said, 'Enqueue')['WEBHOOK_ENQUEUE_TIMEOUT_SECONDS']).toBe('30');
  });

  test('can be kept awake: then there is no marker, and nothing else changes', () => {
    const awake = templateOf({ database: { kind: 'new', minCapacity: 0, trueIdle: false } });
    const made = (stack: Template, type: string) => resourcesOf(stack, type).size;
    expect(environmentOf(awake, 'Sweep')['MARKER_QUEUE_URL']).toBe('');
    expect(made(template, 'AWS::SQS::Queue') - made(awake, 'AWS::SQS::Queue')).toBe(1);
    expect(made(template, 'AWS::Events::Rule') - made(awake, 'AWS::Events::Rule')).toBe(1);
    expect(made(template, 'AWS::CloudWatch::Alarm')).toBe(made(awake, 'AWS::CloudWatch::Alarm'));
  });
});

test('any other database is asked every five minutes, and has no markers', () => {
  const usual = templateOf();
  for (const id of WRITERS) expect(environmentOf(usual, id)['MARKER_QUEUE_URL']).toBe('');
  expect(resourcesOf(usual, 'AWS::SQS::Queue').size).toBe(4);
  expect(environmentOf(usual, 'Enqueue')['WEBHOOK_ENQUEUE_TIMEOUT_SECONDS']).toBe('20');
});

test.each<[string, WebhookDeliveryProps['database'], string]>([
  [
    'a cluster that never pauses',
    { kind: 'new', trueIdle: true },
    'database.trueIdle needs database.minCapacity 0: with any other minimum the cluster never pauses',
  ],
  [
    'a database of somebody else’s',
    {
      kind: 'existing',
      clusterIdentifier: 'app',
      databaseName: 'app',
      secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
      trueIdle: true,
    } as never,
    'database.trueIdle is of a database of kind new, and this one is existing',
  ],
])('true idle is refused in words for %s', (_, database, fault) => {
  expect(() => resolveProps({ ...(database !== undefined && { database }) })).toThrow(fault);
});
