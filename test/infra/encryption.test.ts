// Real: the template CDK makes of the stack with a key of the team's own. The functions' code is left out.
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { beforeAll, describe, expect, test } from 'vitest';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import {
  appWithoutBundles,
  FUNCTIONS,
  resourcesOf,
  templateOf,
  theFunction,
  theResource,
} from '../support/stack/synthesized-stack.ts';

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555';

type Statement = { Action: string | string[]; Resource: unknown };

/** What the function's role may do with the key. */
function keyActions(template: Template, role: string): string[] {
  const { Properties } = theResource(template, 'AWS::IAM::Policy', role).resource;
  const { Statement } = Properties['PolicyDocument'] as { Statement: Statement[] };
  const ofKey = Statement.filter(({ Resource }) => [Resource].flat().includes(KEY));
  return [...new Set(ofKey.flatMap(({ Action }) => [Action].flat()))].toSorted();
}

describe('a key of the team’s own', () => {
  let template: Template;
  beforeAll(() => {
    template = templateOf({ encryptionKeyArn: KEY });
  });

  test.each([
    ['AWS::RDS::DBCluster', 'KmsKeyId', 1],
    ['AWS::SecretsManager::Secret', 'KmsKeyId', 1],
    ['AWS::SQS::Queue', 'KmsMasterKeyId', 4],
    ['AWS::Logs::LogGroup', 'KmsKeyId', FUNCTIONS.length],
  ])('encrypts each %s', (type, property, count) => {
    const found = [...resourcesOf(template, type).values()];
    expect(found.map(({ Properties }) => Properties[property])).toEqual(Array.from({ length: count }, () => KEY));
  });

  test('takes the place of the keys that AWS manages, and changes nothing else of what holds data', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::SQS::Queue').values()) {
      expect(Properties).not.toHaveProperty('SqsManagedSseEnabled');
    }
    const ids = (of: Template) => Object.keys(of.toJSON()['Resources'] as object).toSorted();
    expect(ids(template)).toEqual(ids(templateOf()));
    expect(resourcesOf(templateOf(), 'AWS::KMS::Key').size).toBe(0);
  });

  const SENDS = ['kms:Decrypt', 'kms:GenerateDataKey'];

  // Every function reads the database's secret; those that send to a queue need a data key for it.
  test.each([
    ['Enqueue', SENDS],
    ['Deliver', SENDS],
    ['Sweep', SENDS],
    ['Operate', SENDS],
    ['Inspect', ['kms:Decrypt']],
    ['Migrate', ['kms:Decrypt']],
    ['Widget', []],
  ] as const)('may be used by %s for what it does: %j', (id, actions) => {
    expect(FUNCTIONS).toContain(id);
    expect(keyActions(template, `Surehook${id}Role`)).toEqual(actions);
  });

  test('beside an existing database may be used for the queues alone', () => {
    const secretArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf';
    const beside = templateOf({
      encryptionKeyArn: KEY,
      database: { kind: 'existing', clusterIdentifier: 'app', secretArn, databaseName: 'app' },
    });
    expect(keyActions(beside, 'SurehookEnqueueRole')).toEqual(SENDS);
    expect(keyActions(beside, 'SurehookInspectRole')).toEqual([]);
  });

  test('lets whoever may send encrypt what they send', () => {
    const stack = new Stack(appWithoutBundles(), 'Application');
    const role = new Role(stack, 'Upstream', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    new WebhookDelivery(stack, 'Webhooks', { encryptionKeyArn: KEY }).grantSend(role);
    expect(keyActions(Template.fromStack(stack), 'Upstream')).toEqual(SENDS);
  });
});

describe('a key of the same app', () => {
  test('lets CloudWatch Logs use it for the logs of this stack, and nobody’s else', () => {
    const stack = new Stack(appWithoutBundles(), 'Acme');
    const key = new Key(stack, 'Key');
    new WebhookDelivery(stack, 'Webhooks', { encryptionKey: key });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: {
              Service: { 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]] },
            },
            Condition: {
              ArnLike: {
                'kms:EncryptionContext:aws:logs:arn': {
                  'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(':log-group:Acme-\\*$')])],
                },
              },
            },
          }),
        ]),
      },
    });
    const { id } = theResource(template, 'AWS::KMS::Key');
    expect(theResource(template, 'AWS::RDS::DBCluster').resource.Properties['KmsKeyId']).toEqual({
      'Fn::GetAtt': [id, 'Arn'],
    });
  });

  test('in a stack of its own can be used, and the stacks can be deployed one after the other', () => {
    const app = appWithoutBundles();
    const key = new Key(new Stack(app, 'Keys'), 'Key');
    const stack = new Stack(app, 'Acme');
    new WebhookDelivery(stack, 'Webhooks', { encryptionKey: key });
    expect(() => app.synth()).not.toThrow();
    expect(stack.dependencies.map(({ stackName }) => stackName)).toEqual(['Keys']);
  });
});

test('without one nothing asks for a key, and SQS and AWS manage theirs', () => {
  const template = templateOf();
  for (const id of FUNCTIONS) expect(theFunction(template, id).id).toMatch(/^Surehook/);
  expect(JSON.stringify(template.toJSON())).not.toContain('kms:');
});
