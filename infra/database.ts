import { Annotations, Duration, Names, RemovalPolicies, RemovalPolicy } from 'aws-cdk-lib';
import { type IVpc, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import {
  AuroraPostgresEngineVersion,
  CfnDBCluster,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  type IDatabaseCluster,
} from 'aws-cdk-lib/aws-rds';
import { CfnSecret, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IConstruct } from 'constructs';
import { DATABASE_SLEEPS_AFTER_SECONDS } from '../shared/runtime/limits.ts';
import { acknowledge } from './acknowledge.ts';
import { existingClusterFaults, MAX_ARN_CHARACTERS, newClusterFaults } from './cluster-name.ts';
import { existingNetwork, type Network } from './existing-network.ts';
import { InvalidProps, isManagedByRds, type ResolvedNewDatabase } from './resolve-props.ts';
import type { ExistingDatabase } from './webhook-delivery-props.ts';

/** The deliveries' database as functions reach it: through the RDS Data API, with the role in the secret. */
export type Database = {
  /** `new`: made by the construct, with its own password. `existing`: somebody else's, used as it is. */
  kind: 'new' | 'existing';
  /** The Aurora cluster. */
  cluster: IDatabaseCluster;
  /** With the `username` and `password` of the role. */
  secret: ISecret;
  /** The database in the cluster. */
  databaseName: string;
  /** Where Surehook's tables are, and where `workflows` and `workflow_runs` are. */
  schemas: { surehook: string; application: string };
  /** What must exist before the first statement: a cluster without its writer answers nothing. */
  readyWith: Construct[];
};

/** The environment variables by which every function finds the database. */
export function databaseEnvironment({ cluster, secret, databaseName, schemas }: Database): Record<string, string> {
  return {
    DATABASE_RESOURCE_ARN: cluster.clusterArn,
    DATABASE_SECRET_ARN: secret.secretArn,
    DATABASE_NAME: databaseName,
    DATABASE_SCHEMA: schemas.surehook,
    APPLICATION_SCHEMA: schemas.application,
  };
}

/** Grants single statements. `grantDataApiAccess` would add transactions and batches, which only migrations need. */
export function grantStatements(database: Database, grantee: IGrantable): void {
  grantDataApi(database, grantee, ['rds-data:ExecuteStatement']);
}

/** Grants statements within a transaction. */
export function grantTransactions(database: Database, grantee: IGrantable): void {
  grantDataApi(database, grantee, TRANSACTION_ACTIONS);
}

/** The same as statements of a policy. */
export function transactionStatements(database: Database): PolicyStatement[] {
  const { encryptionKey } = database.secret;
  const key = encryptionKey && new PolicyStatement({ actions: ['kms:Decrypt'], resources: [encryptionKey.keyArn] });
  return [...dataApiStatements(database, TRANSACTION_ACTIONS), ...(key === undefined ? [] : [key])];
}

const TRANSACTION_ACTIONS = [
  'rds-data:ExecuteStatement',
  'rds-data:BeginTransaction',
  'rds-data:CommitTransaction',
  'rds-data:RollbackTransaction',
];

function grantDataApi(database: Database, grantee: IGrantable, actions: string[]): void {
  for (const statement of dataApiStatements(database, actions)) {
    grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }
  database.secret.encryptionKey?.grantDecrypt(grantee);
}

function dataApiStatements({ cluster, secret }: Database, actions: string[]): PolicyStatement[] {
  return [
    new PolicyStatement({ actions, resources: [cluster.clusterArn] }),
    // The Data API reads the secret with its caller's rights.
    new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }),
  ];
}

/** A cluster that others own. It is named and never looked up, so that synthesis needs no account. */
export function existingDatabase(scope: Construct, given: ExistingDatabase & Pick<Database, 'schemas'>): Database {
  const { schemas, clusterIdentifier, secretArn, secretKeyArn, databaseName } = given;
  if (secretArn.length > MAX_ARN_CHARACTERS && isManagedByRds(secretArn)) {
    Annotations.of(scope).addWarningV2(
      'surehook:managedSecretArn',
      `database.secretArn has ${secretArn.length} characters. The Data API's manual allows ${MAX_ARN_CHARACTERS}, but secrets that RDS manages are used with it. ` +
        'If the migration fails with a validation error, make a secret of your own with a shorter name.',
    );
  }
  refuse(existingClusterFaults(scope, clusterIdentifier));
  const secret = Secret.fromSecretAttributes(scope, 'DatabaseSecret', {
    secretCompleteArn: secretArn,
    ...(secretKeyArn !== undefined && { encryptionKey: Key.fromKeyArn(scope, 'DatabaseSecretKey', secretKeyArn) }),
  });
  const cluster = DatabaseCluster.fromDatabaseClusterAttributes(scope, 'Database', {
    clusterIdentifier,
    secret,
    dataApiEnabled: true,
  });
  return { kind: 'existing', cluster, secret, databaseName, schemas, readyWith: [] };
}

/** Aurora PostgreSQL Serverless v2. */
export function createDatabase(
  scope: Construct,
  props: ResolvedNewDatabase &
    Pick<Database, 'schemas'> & { removalPolicy: RemovalPolicy; encryptionKey: IKey | undefined },
): Database {
  const { databaseName, schemas, engineVersion, removalPolicy, clusterIdentifier, encryptionKey } = props;
  refuse(newClusterFaults(scope, clusterIdentifier));
  const { vpc, subnets } =
    props.network === undefined ? createNetwork(scope) : existingNetwork(scope, 'Network', props.network);
  // It has no rule, neither in nor out.
  const securityGroup = new SecurityGroup(scope, 'DatabaseSecurityGroup', {
    vpc,
    allowAllOutbound: false,
    description: 'Surehook database: closed, because the Data API needs no way in',
  });
  const [major = ''] = engineVersion.split('.');
  const { maintenanceWindow } = props;
  const window = maintenanceWindow === undefined ? {} : { preferredMaintenanceWindow: maintenanceWindow };
  const instance = { autoMinorVersionUpgrade: true, publiclyAccessible: false, ...window };
  const cluster = new DatabaseCluster(scope, 'Database', {
    engine: DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.of(engineVersion, major) }),
    writer: ClusterInstance.serverlessV2('Writer', instance),
    readers: Array.from({ length: props.readers }, (_, index) =>
      // As large as the writer at any time, since one of them has to be able to take its place.
      ClusterInstance.serverlessV2(`Reader${index + 1}`, { ...instance, scaleWithWriter: true }),
    ),
    serverlessV2MinCapacity: props.minCapacity,
    serverlessV2MaxCapacity: props.maxCapacity,
    ...(props.minCapacity === 0 && { serverlessV2AutoPauseDuration: Duration.seconds(DATABASE_SLEEPS_AFTER_SECONDS) }),
    vpc,
    vpcSubnets: subnets,
    securityGroups: [securityGroup],
    ...(clusterIdentifier !== undefined && { clusterIdentifier }),
    defaultDatabaseName: databaseName,
    credentials: Credentials.fromGeneratedSecret('surehook', encryptionKey === undefined ? {} : { encryptionKey }),
    enableDataApi: true,
    iamAuthentication: true,
    storageEncrypted: true,
    ...(encryptionKey !== undefined && { storageEncryptionKey: encryptionKey }),
    backup: {
      retention: Duration.days(props.backupRetentionDays),
      ...(props.backupWindow !== undefined && { preferredWindow: props.backupWindow }),
    },
    ...window,
    copyTagsToSnapshot: true,
    deletionProtection: props.deletionProtection,
    removalPolicy,
  });
  const { secret } = cluster;
  if (secret === undefined) throw new Error('a cluster with generated credentials has no secret');
  // `secret` is its attachment to the cluster; this is the secret itself.
  const secretItself = cluster.node.findChild('Secret');
  shortenArns(cluster);
  // A cluster that is kept needs its network and its password.
  const companions = removalPolicy === RemovalPolicy.SNAPSHOT ? RemovalPolicy.DESTROY : removalPolicy;
  const ownNetwork = props.network === undefined ? [vpc] : [];
  for (const companion of [...ownNetwork, securityGroup, secretItself]) {
    RemovalPolicies.of(companion).apply(companions);
  }
  acknowledgeDatabase(cluster, secretItself);
  return { kind: 'new', cluster, secret, databaseName, schemas, readyWith: [cluster] };
}

/**
 * The Data API accepts no ARN longer than 100 characters, and CloudFormation makes names from logical ids: those of a nested
 * construct would make every call fail. Eight of their characters still distinguish two constructs.
 */
function shortenArns(cluster: DatabaseCluster): void {
  const hash = Names.nodeUniqueId(cluster.node).slice(-8);
  for (const child of cluster.node.findAll()) {
    if (child instanceof CfnSecret) child.overrideLogicalId(`Secret${hash}`);
    if (child instanceof CfnDBCluster) child.overrideLogicalId(`Database${hash}`);
  }
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new InvalidProps(faults);
}

/**
 * Subnets without any route: no internet gateway, no NAT, nothing to pay for. Functions stay outside and use the Data API, so
 * nothing but the cluster is ever in this network.
 */
function createNetwork(scope: Construct): Network {
  const vpc = new Vpc(scope, 'Network', {
    maxAzs: 2,
    natGateways: 0,
    createInternetGateway: false,
    subnetConfiguration: [{ name: 'database', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 28 }],
    // Closing it takes a custom resource with rights on security groups; nothing is ever a member of it.
    restrictDefaultSecurityGroup: false,
  });
  acknowledge(vpc, {
    'AwsSolutions-VPC7': 'With no route in or out there is no flow to log; calls to the Data API are in CloudTrail.',
  });
  // Vpc implements IVpc, but declares an optional property as a getter, which exactOptionalPropertyTypes tells apart.
  return { vpc: vpc as IVpc, subnets: { subnetType: SubnetType.PRIVATE_ISOLATED } };
}

function acknowledgeDatabase(cluster: IConstruct, secret: IConstruct): void {
  acknowledge(cluster, {
    'AwsSolutions-RDS11': 'The port cannot be reached from anywhere: there is no security group rule and no route.',
  });
  acknowledge(secret, {
    'AwsSolutions-SMG4':
      'Rotation needs a function inside the network with an endpoint of its own. The password is 30 random characters ' +
      'that only IAM principals use, through the Data API; the runbook says how it is changed by hand.',
  });
}
