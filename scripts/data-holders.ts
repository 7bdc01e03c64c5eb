// What of a template holds data, and what no deployment may change of it: CloudFormation would make an empty one in its place.

/** Resources that hold deliveries, requests, secrets or logs, or what receivers have listed, and what a cluster cannot be without. */
const HOLDS_DATA =
  /^AWS::(?:RDS::\w+|SQS::Queue|SecretsManager::\w+|Logs::LogGroup|EC2::(?:VPC|Subnet|SecurityGroup|EIP))$/;

/**
 * Properties whose change makes another resource, always or in some cases (CloudFormation's reference, *Update requires:
 * Replacement*). `npm run lint:template` tells of any that the templates have and this list does not.
 */
const REPLACED_BY: Readonly<Record<string, readonly string[]>> = {
  'AWS::RDS::DBCluster': [
    'AvailabilityZones',
    'ClusterScalabilityType',
    'DatabaseName',
    'DBClusterIdentifier',
    'DBSubnetGroupName',
    'DBSystemId',
    'Engine',
    'EngineMode',
    'KmsKeyId',
    'MasterUsername',
    'PubliclyAccessible',
    'RestoreToTime',
    'RestoreType',
    'SnapshotIdentifier',
    'SourceDBClusterIdentifier',
    'SourceRegion',
    'StorageEncrypted',
    'UseLatestRestorableTime',
  ],
  'AWS::RDS::DBInstance': [
    'AutoMinorVersionUpgrade',
    'AvailabilityZone',
    'DBClusterIdentifier',
    'DBInstanceIdentifier',
    'Engine',
    'PreferredMaintenanceWindow',
  ],
  'AWS::RDS::DBSubnetGroup': ['DBSubnetGroupName'],
  'AWS::SQS::Queue': ['FifoQueue', 'QueueName'],
  'AWS::SecretsManager::Secret': ['Name'],
  'AWS::SecretsManager::SecretTargetAttachment': ['SecretId'],
  'AWS::Logs::LogGroup': ['LogGroupClass', 'LogGroupName'],
  'AWS::EC2::VPC': ['CidrBlock', 'InstanceTenancy', 'Ipv4IpamPoolId', 'Ipv4NetmaskLength'],
  'AWS::EC2::Subnet': ['AvailabilityZone', 'AvailabilityZoneId', 'CidrBlock', 'Ipv6Native', 'OutpostArn', 'VpcId'],
  'AWS::EC2::SecurityGroup': ['GroupDescription', 'GroupName', 'VpcId'],
  'AWS::EC2::EIP': ['Address', 'Domain', 'IpamPoolId', 'NetworkBorderGroup', 'TransferAddress'],
};

/** By logical id: its type, and each property whose change would replace it. */
export type DataHolders = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export function holdsData(type: string): boolean {
  return HOLDS_DATA.test(type);
}

/** Whether the list above knows that a property's change replaces a resource. */
export function isKnownToReplace(type: string, property: string): boolean {
  return REPLACED_BY[type]?.includes(property) === true;
}

export function dataHolders(template: {
  Resources: Readonly<Record<string, { Type: string; Properties?: Readonly<Record<string, unknown>> }>>;
}): DataHolders {
  const holders = Object.entries(template.Resources).filter(([, { Type }]) => holdsData(Type));
  return Object.fromEntries(
    holders
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([id, { Type, Properties = {} }]) => {
        const kept = (REPLACED_BY[Type] ?? []).filter((name) => Properties[name] !== undefined);
        return [id, { type: Type, ...Object.fromEntries(kept.map((name) => [name, Properties[name]])) }];
      }),
  );
}

/** What a deployment would take from somebody who has what was before: each resource that goes or is replaced, in words. */
export function replacements(before: DataHolders, after: DataHolders): string[] {
  return Object.entries(before).flatMap(([id, was]) => {
    const is = after[id];
    if (is === undefined) return [`${String(was['type'])} ${id} would be gone`];
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    return names
      .filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
      .map((name) => `${String(was['type'])} ${id} would be replaced: its ${name} changes`);
  });
}
