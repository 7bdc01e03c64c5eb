// Real: the template CDK makes of the stack, for a new and for an existing cluster. The functions' code is left out.
import { RemovalPolicy } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { WebhookDeliveryStack } from '../../infra/stack.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import {
  appWithoutBundles,
  environmentOf,
  FUNCTIONS,
  resourcesOf,
  templateOf,
  theResource,
} from '../support/stack/synthesized-stack.ts';

describe('a database of its own', () => {
  let template: Template;
  beforeAll(() => {
    template = templateOf();
  });

  test('is an encrypted, protected Serverless v2 cluster with the Data API', () => {
    expect(theResource(template, 'AWS::RDS::DBCluster').resource.Properties).toMatchObject({
      Engine: 'aurora-postgresql',
      EngineVersion: '17.7',
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
      EnableHttpEndpoint: true,
      StorageEncrypted: true,
      DeletionProtection: true,
      BackupRetentionPeriod: 7,
      DatabaseName: 'surehook',
    });
    expect([...resourcesOf(template, 'AWS::RDS::DBInstance').values()].map(({ Properties }) => Properties)).toEqual([
      expect.objectContaining({ DBInstanceClass: 'db.serverless', PubliclyAccessible: false }),
    ]);
  });

  test('has readers that can take the writer’s place, backups and maintenance when its team wants them', () => {
    const made = templateOf({
      database: {
        kind: 'new',
        readers: 2,
        backupRetentionDays: 35,
        backupWindow: '23:45-00:30',
        maintenanceWindow: 'sun:03:00-sun:04:00',
      },
    });
    expect(theResource(made, 'AWS::RDS::DBCluster').resource.Properties).toMatchObject({
      BackupRetentionPeriod: 35,
      PreferredBackupWindow: '23:45-00:30',
      PreferredMaintenanceWindow: 'sun:03:00-sun:04:00',
    });
    const instances = [...resourcesOf(made, 'AWS::RDS::DBInstance').values()].map(({ Properties }) => Properties);
    expect(instances).toHaveLength(3);
    for (const instance of instances) {
      expect(instance).toMatchObject({
        DBInstanceClass: 'db.serverless',
        PubliclyAccessible: false,
        PreferredMaintenanceWindow: 'sun:03:00-sun:04:00',
      });
    }
    // The lower tiers go first, and follow the writer's size.
    expect(instances.map(({ PromotionTier }) => PromotionTier)).toEqual([0, 1, 1]);
  });

  test('has ARNs that the Data API takes, in the region with the longest name', () => {
    const cluster = `WebhookDelivery-${theResource(template, 'AWS::RDS::DBCluster').id}-abcdefghijkl`;
    const secret = `${theResource(template, 'AWS::SecretsManager::Secret').id}-ABCDEFGHIJKL-AbCdEf`;
    expect(`arn:aws:rds:ap-southeast-1:111122223333:cluster:${cluster}`.length).toBeLessThanOrEqual(100);
    expect(`arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:${secret}`.length).toBeLessThanOrEqual(100);
  });

  test('refuses a stack whose name would make its ARN longer than the Data API takes', () => {
    const named = (name: string) => () => new WebhookDeliveryStack(appWithoutBundles(), name);
    expect(named('N'.repeat(22))).not.toThrow();
    expect(named('N'.repeat(23))).toThrow("the stack's name must have at most 22 characters");
  });

  test('takes a name of its own in a stack whose name is too long, and the fault says so', () => {
    const named = (database?: WebhookDeliveryProps['database']) => () =>
      new WebhookDeliveryStack(appWithoutBundles(), 'acme-workflows-production', {
        delivery: { ...(database !== undefined && { database }) },
      });
    expect(named(undefined)).toThrow('or database.clusterIdentifier must name the cluster');
    const template = Template.fromStack(named({ kind: 'new', clusterIdentifier: 'acme-webhooks' })());
    const { id, resource } = theResource(template, 'AWS::RDS::DBCluster');
    expect(resource.Properties['DBClusterIdentifier']).toBe('acme-webhooks');
    expect(environmentOf(template, 'Deliver')['DATABASE_RESOURCE_ARN']).toEqual({
      'Fn::Join': ['', expect.arrayContaining([{ Ref: id }])],
    });
  });

  test.each([
    // Where nothing is known, the longest name of a commercial region is assumed.
    [undefined, 52],
    ['ap-southeast-1', 52],
    ['us-east-1', 57],
    ['us-gov-west-1', 46],
    ['cn-northwest-1', 49],
  ])('may have a name in region %s that makes its ARN a hundred characters long, not one more', (region, most) => {
    const named = (length: number) => () =>
      new WebhookDeliveryStack(appWithoutBundles(), 'WebhookDelivery', {
        ...(region !== undefined && { env: { region } }),
        delivery: { database: { kind: 'new', clusterIdentifier: 'n'.repeat(length) } },
      });
    expect(named(most)).not.toThrow();
    expect(named(most + 1)).toThrow(`database.clusterIdentifier must have at most ${most} characters`);
  });

  test.each([
    ['us-east-1', 27],
    ['us-gov-west-1', 16],
  ])('of no name of its own leaves a stack in %s %i characters', (region, most) => {
    const named = (length: number) => () =>
      new WebhookDeliveryStack(appWithoutBundles(), 'N'.repeat(length), { env: { region } });
    expect(named(most)).not.toThrow();
    expect(named(most + 1)).toThrow(`the stack's name must have at most ${most} characters`);
    // The ready stack's own name fits everywhere.
    expect('WebhookDelivery'.length).toBeLessThanOrEqual(most);
  });

  test('stands in a network that leads nowhere', () => {
    const waysOut = ['NatGateway', 'InternetGateway', 'EIP', 'Route', 'SecurityGroupIngress'];
    expect(waysOut.filter((type) => resourcesOf(template, `AWS::EC2::${type}`).size > 0)).toEqual([]);
    const inside = [...resourcesOf(template, 'AWS::Lambda::Function').values()].filter(
      ({ Properties }) => Properties['VpcConfig'] !== undefined,
    );
    expect(inside).toEqual([]);
  });

  test('stands in a network that is there, where one is given', () => {
    const network = { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'] };
    const within = templateOf({ database: { kind: 'new', network } });
    expect(theResource(within, 'AWS::RDS::DBSubnetGroup').resource.Properties['SubnetIds']).toEqual(network.subnetIds);
    const group = theResource(within, 'AWS::EC2::SecurityGroup').resource.Properties;
    expect(group['VpcId']).toBe(network.vpcId);
    expect(group['SecurityGroupIngress']).toBeUndefined();
    expect(resourcesOf(within, 'AWS::EC2::VPC').size + resourcesOf(within, 'AWS::EC2::Subnet').size).toBe(0);
  });

  test('stays with its secret and its network when the stack is deleted', () => {
    const kept = [
      'AWS::RDS::DBCluster',
      'AWS::RDS::DBInstance',
      'AWS::RDS::DBSubnetGroup',
      'AWS::SecretsManager::Secret',
      'AWS::EC2::VPC',
      'AWS::EC2::SecurityGroup',
    ];
    expect(kept.filter((type) => theResource(template, type).resource.DeletionPolicy !== 'Retain')).toEqual([]);
  });

  test('goes with the stack, network and all, where that is asked for', () => {
    const passing = templateOf({
      database: { kind: 'new', deletionProtection: false },
      removalPolicies: {
        database: RemovalPolicy.DESTROY,
        queues: RemovalPolicy.DESTROY,
        logs: RemovalPolicy.DESTROY,
      },
    });
    const kept = Object.values(passing.toJSON()['Resources'] as Record<string, { DeletionPolicy?: string }>).filter(
      ({ DeletionPolicy }) => DeletionPolicy !== undefined && DeletionPolicy !== 'Delete',
    );
    expect(kept).toEqual([]);
  });
});

describe('an existing database', () => {
  const secretArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf';
  let template: Template;
  beforeAll(() => {
    template = templateOf({
      database: { kind: 'existing', clusterIdentifier: 'app', secretArn, databaseName: 'workflows' },
    });
  });

  test('is used as it is: no cluster, network or secret is made', () => {
    const resources = Object.values(template.toJSON()['Resources'] as Record<string, { Type: string }>);
    const services = new Set(resources.map(({ Type }) => Type.split('::')[1]));
    for (const service of ['RDS', 'EC2', 'SecretsManager']) expect(services).not.toContain(service);
  });

  test('warns of an ARN that is longer than the manual of the Data API allows', () => {
    const long = `arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:rds!cluster-11111111-2222-3333-4444-555555555555-AbCdEf`;
    const warnings = (secretArn: string) => {
      const delivery = {
        database: { kind: 'existing', clusterIdentifier: 'app', secretArn, databaseName: 'app' },
      } as const;
      const stack = new WebhookDeliveryStack(appWithoutBundles(), 'WebhookDelivery', { delivery });
      return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('secretArn has \\d+ characters'))
        .length;
    };
    expect([warnings(long), warnings(secretArn)]).toEqual([1, 0]);
  });

  test('is what every function is told of, but the one that asks the others', () => {
    for (const id of FUNCTIONS.filter((id) => id !== 'Widget')) {
      expect(environmentOf(template, id)).toMatchObject({
        DATABASE_RESOURCE_ARN: {
          'Fn::Join': ['', expect.arrayContaining([expect.stringMatching(/^:cluster:app$/)])],
        },
        DATABASE_SECRET_ARN: secretArn,
        DATABASE_NAME: 'workflows',
        DATABASE_SCHEMA: 'surehook',
        APPLICATION_SCHEMA: 'public',
      });
    }
  });

  test('keeps unknown runs out', () => {
    expect(environmentOf(template, 'Enqueue')['REGISTER_UNKNOWN_RUNS']).toBe('false');
  });

  test.each([
    ['eu-central-1', 54],
    // Unknown: whatever some region takes.
    [undefined, 57],
  ])('in region %s is refused where the Data API would take no ARN of it', (region, most) => {
    const named = (length: number) => () =>
      new WebhookDeliveryStack(appWithoutBundles(), 'WebhookDelivery', {
        ...(region !== undefined && { env: { region } }),
        delivery: {
          database: { kind: 'existing', clusterIdentifier: 'a'.repeat(length), secretArn, databaseName: 'app' },
        },
      });
    expect(named(most)).not.toThrow();
    expect(named(most + 1)).toThrow(`database.clusterIdentifier must have at most ${most} characters`);
  });

  test('lets functions use the key its secret is encrypted with', () => {
    const secretKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555';
    const withKey = templateOf({
      database: { kind: 'existing', clusterIdentifier: 'app', secretArn, secretKeyArn, databaseName: 'workflows' },
    });
    const policies = [...resourcesOf(withKey, 'AWS::IAM::Policy').values()]
      .map((policy) => JSON.stringify(policy))
      .filter((policy) => policy.includes('rds-data:ExecuteStatement'));
    expect(policies).toHaveLength(7);
    for (const policy of policies) {
      expect(policy).toContain('kms:Decrypt');
      expect(policy).toContain(secretKeyArn);
    }
  });
});
