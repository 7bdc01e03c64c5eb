// Real: the template CDK makes of the stack with the props that say where webhooks leave from. The functions' code is left out.
import { BlockList } from 'node:net';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { MAX_GROUP_RULES, publicRanges } from '../../infra/public-ranges.ts';
import { InvalidProps, resolveProps } from '../../infra/resolve-props.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { egressPolicy, judgeAddress } from '../../shared/egress/egress-guard.ts';
import {
  appWithoutBundles,
  environmentOf,
  FUNCTIONS,
  resourcesOf,
  templateOf,
  theFunction,
  theResource,
} from '../support/stack/synthesized-stack.ts';

type GroupRule = { CidrIp: string; IpProtocol: string; FromPort: number; ToPort: number };

/** Where the security groups that are made let deliver go. */
function rulesOf(template: Template, group: string): GroupRule[] {
  const { resource } = theResource(template, 'AWS::EC2::SecurityGroup', `Surehook${group}`);
  expect(resource.Properties['SecurityGroupIngress']).toBeUndefined();
  return resource.Properties['SecurityGroupEgress'] as GroupRule[];
}

function vpcConfigOf(template: Template, id: (typeof FUNCTIONS)[number]) {
  return theFunction(template, id).properties['VpcConfig'] as
    | { SubnetIds: unknown[]; SecurityGroupIds: unknown[] }
    | undefined;
}

function faultsOf(props: WebhookDeliveryProps): readonly string[] {
  try {
    resolveProps(props);
  } catch (error) {
    if (error instanceof InvalidProps) return error.faults;
    throw error;
  }
  return [];
}

describe('without the prop', () => {
  test('no function is in a network, and no address is paid for', () => {
    const template = templateOf();
    expect(FUNCTIONS.filter((id) => vpcConfigOf(template, id) !== undefined)).toEqual([]);
    expect(resourcesOf(template, 'AWS::EC2::NatGateway').size + resourcesOf(template, 'AWS::EC2::EIP').size).toBe(0);
  });
});

describe('a network that is made', () => {
  let template: Template;
  beforeAll(() => {
    template = templateOf({ staticEgress: {} });
  });

  test('holds deliver in two zones, and nothing else', () => {
    expect(FUNCTIONS.filter((id) => vpcConfigOf(template, id) !== undefined)).toEqual(['Deliver']);
    const privateSubnets = [...resourcesOf(template, 'AWS::EC2::Subnet').keys()].filter((id) =>
      id.startsWith('SurehookEgressNetworkfunctions'),
    );
    expect(vpcConfigOf(template, 'Deliver')?.SubnetIds).toEqual(privateSubnets.map((Ref) => ({ Ref })));
    expect(privateSubnets).toHaveLength(2);
  });

  test('leads out through one address, which is told and kept', () => {
    const { id, resource } = theResource(template, 'AWS::EC2::EIP');
    expect(resource.DeletionPolicy).toBe('RetainExceptOnCreate');
    expect(template.findOutputs('EgressAddresses')).toMatchObject({ EgressAddresses: { Value: { Ref: id } } });
    const nat = theResource(template, 'AWS::EC2::NatGateway').id;
    const routes = [...resourcesOf(template, 'AWS::EC2::Route').values()].map(({ Properties }) => Properties);
    const ofFunctions = routes.filter(({ NatGatewayId }) => NatGatewayId !== undefined);
    expect(ofFunctions).toHaveLength(2);
    for (const route of ofFunctions) {
      expect(route).toMatchObject({ DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: { Ref: nat } });
    }
  });

  test('is another one than the database’s, which still leads nowhere', () => {
    const vpcs = [...resourcesOf(template, 'AWS::EC2::VPC').keys()];
    expect(vpcs).toHaveLength(2);
    const database = vpcs.find((id) => id.startsWith('SurehookNetwork'));
    const inDatabase = [...resourcesOf(template, 'AWS::EC2::Subnet')].filter(
      ([, { Properties }]) => (Properties['VpcId'] as { Ref: string }).Ref === database,
    );
    const routed = [...resourcesOf(template, 'AWS::EC2::Route').keys()];
    for (const [subnet] of inDatabase) expect(routed.filter((id) => id.startsWith(subnet.slice(0, -8)))).toEqual([]);
  });

  test('is there, with its way out, before deliver reads its queue for the first time', () => {
    const { DependsOn = [] } = theResource(template, 'AWS::Lambda::Function', 'SurehookDeliver').resource;
    const routes = [...resourcesOf(template, 'AWS::EC2::Route').keys()].filter((id) => id.includes('functions'));
    expect(routes.length).toBe(2);
    expect(DependsOn).toEqual(expect.arrayContaining(routes));
  });

  test('has as many addresses as are asked for, each in a zone of its own', () => {
    const both = templateOf({ staticEgress: { natGateways: 2 } });
    expect(resourcesOf(both, 'AWS::EC2::NatGateway').size).toBe(2);
    expect(vpcConfigOf(both, 'Deliver')?.SubnetIds).toHaveLength(2);
    const [output] = Object.values(both.findOutputs('EgressAddresses')) as {
      Value: { 'Fn::Join': [string, unknown[]] };
    }[];
    expect(output?.Value['Fn::Join'][1].filter((part) => typeof part === 'object')).toHaveLength(2);
  });

  test('takes addresses that are there already', () => {
    const own = templateOf({ staticEgress: { elasticIpAllocationIds: ['eipalloc-0123456789abcdef0'] } });
    expect(theResource(own, 'AWS::EC2::NatGateway').resource.Properties['AllocationId']).toBe(
      'eipalloc-0123456789abcdef0',
    );
    expect(resourcesOf(own, 'AWS::EC2::EIP').size).toBe(0);
    expect(own.findOutputs('EgressAddresses')).toEqual({});
  });

  test('goes with its addresses where that is asked for', () => {
    const passing = templateOf({ staticEgress: {}, removalPolicies: { addresses: RemovalPolicy.DESTROY } });
    expect(theResource(passing, 'AWS::EC2::EIP').resource.DeletionPolicy).toBe('Delete');
  });
});

describe('a network that is there', () => {
  const byIds = { vpcId: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'] };

  test('is used as it is, by its ids, without a look-up', () => {
    const template = templateOf({
      database: existing,
      staticEgress: { network: byIds, securityGroupIds: ['sg-0123456789abcdef0'] },
    });
    expect(vpcConfigOf(template, 'Deliver')).toMatchObject({ SubnetIds: byIds.subnetIds });
    expect(vpcConfigOf(template, 'Deliver')?.SecurityGroupIds).toContain('sg-0123456789abcdef0');
    const made = Object.values(template.toJSON()['Resources'] as Record<string, { Type: string }>);
    expect(made.map(({ Type }) => Type).filter((type) => type.startsWith('AWS::EC2::'))).toEqual([
      'AWS::EC2::SecurityGroup',
    ]);
    expect(theResource(template, 'AWS::EC2::SecurityGroup').resource.Properties['VpcId']).toBe(byIds.vpcId);
  });

  test('may be a construct of the same app', () => {
    const stack = new Stack(appWithoutBundles(), 'Platform');
    const vpc = new Vpc(stack, 'Vpc');
    const network = { vpc: vpc as never, vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS } };
    new WebhookDelivery(stack, 'Surehook', { database: existing, staticEgress: { network } });
    const template = Template.fromStack(stack);
    expect(vpcConfigOf(template, 'Deliver')?.SubnetIds).toHaveLength(2);
  });
});

describe('the security groups', () => {
  test('reach every public address and no private one', () => {
    const rules = rulesOf(templateOf({ staticEgress: {} }), 'EgressToPublic');
    expect(rules.map(({ CidrIp }) => CidrIp)).toEqual(publicRanges());
    expect(rules.length).toBeLessThanOrEqual(MAX_GROUP_RULES);
    expect(new Set(rules.map(({ IpProtocol, FromPort, ToPort }) => `${IpProtocol} ${FromPort}-${ToPort}`))).toEqual(
      new Set(['tcp 0-65535']),
    );
    const ranges = new BlockList();
    for (const { CidrIp } of rules) ranges.addSubnet(CidrIp.split('/')[0] ?? '', Number(CidrIp.split('/')[1]));
    const reached = (address: string): boolean => ranges.check(address);
    const neighbours = ['9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0'];
    const outside = [...neighbours, '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0', '1.1.1.1'];
    expect(outside.filter((address) => !reached(address))).toEqual([]);
    const ends = ['10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '172.16.0.0', '172.31.255.255'];
    const inside = [...ends, '192.168.0.0', '192.168.255.255', '198.18.0.0', '198.19.255.255', '224.0.0.1'];
    expect(inside.filter((address) => reached(address))).toEqual([]);
    const strict = egressPolicy({ allowCidrs: [], blockedAuthorities: [] });
    expect(inside.filter((address) => judgeAddress(address, strict) === 'public')).toEqual([]);
  });

  test('reach the private receivers that are named, and the guard lets them through', () => {
    const template = templateOf({ staticEgress: {}, privateReceivers: ['10.20.0.0/16', '172.20.1.0/24'] });
    expect(rulesOf(template, 'EgressToPrivate').map(({ CidrIp }) => CidrIp)).toEqual(['10.20.0.0/16', '172.20.1.0/24']);
    for (const id of ['Enqueue', 'Deliver'] as const) {
      expect(environmentOf(template, id)['EGRESS_ALLOW_CIDRS']).toBe('10.20.0.0/16,172.20.1.0/24');
    }
  });
});

describe('the rights of deliver in a network', () => {
  test('are there before it, and its own code may not use them', () => {
    const template = templateOf({ staticEgress: {} });
    const { id, resource } = theResource(template, 'AWS::IAM::Policy', 'SurehookDeliverRolePlacement');
    const [allows, denies] = (resource.Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] })
      .Statement;
    expect(allows).toMatchObject({ Effect: 'Allow', Resource: '*' });
    expect(denies).toMatchObject({
      Effect: 'Deny',
      Action: allows?.['Action'],
      Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } },
    });
    expect(theResource(template, 'AWS::Lambda::Function', 'SurehookDeliver').resource.DependsOn).toContain(id);
  });
});

const existing = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;

describe('props that cannot be', () => {
  const network = { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d'] };
  test.each<[WebhookDeliveryProps, string[]]>([
    [{ privateReceivers: ['10.0.0.0/8'] }, ['privateReceivers needs staticEgress: only in a VPC are they reached']],
    [
      { staticEgress: {}, privateReceivers: ['10.0.0.0/8', '127.0.0.0/8'] },
      [expect.stringContaining('privateReceivers[1] must lie in one of the private ranges') as string],
    ],
    [{ staticEgress: { natGateways: 3 } }, ['staticEgress.natGateways must be 1 or 2']],
    [
      { staticEgress: { natGateways: 2, elasticIpAllocationIds: ['eipalloc-0a1b2c3d'] } },
      ['staticEgress.elasticIpAllocationIds must hold one address for each NAT gateway'],
    ],
    [
      { staticEgress: { elasticIpAllocationIds: ['198.51.100.7'] } },
      ['staticEgress.elasticIpAllocationIds must hold ids such as eipalloc-0123456789abcdef0'],
    ],
    [{ staticEgress: { network, natGateways: 2 } }, ['staticEgress.natGateways is for a network that is made here']],
    [
      { staticEgress: { network: { vpcId: 'main', subnetIds: [] } } },
      [
        'staticEgress.network.vpcId must be an id such as vpc-0123456789abcdef0',
        'staticEgress.network.subnetIds must hold at least one id such as subnet-0123456789abcdef0',
      ],
    ],
    [
      { staticEgress: { securityGroupIds: ['default'] } },
      ['staticEgress.securityGroupIds must hold at most 3 ids such as sg-0123456789abcdef0'],
    ],
  ])('%j is refused by name', (props, faults) => {
    expect(faultsOf(props)).toEqual(faults);
  });
});
