import { RemovalPolicies, type RemovalPolicy } from 'aws-cdk-lib';
import {
  CfnEIP,
  type ISecurityGroup,
  IpAddresses,
  type IVpc,
  NatProvider,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Effect, Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { FunctionOptions } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { existingNetwork, type Network } from './existing-network.ts';
import { publicRanges } from './public-ranges.ts';
import type { StaticEgress } from './webhook-delivery-props.ts';

/** Where the functions that send webhooks are placed, so that receivers see addresses that stay. */
export type Egress = {
  /** Its network. */
  vpc: IVpc;
  /** How a function is placed there. */
  placement: Pick<FunctionOptions, 'vpc' | 'vpcSubnets' | 'securityGroups'>;
  /** The public addresses of a network that was made here; of an existing one nobody here knows them. */
  addresses: readonly string[];
};

type EgressOptions = StaticEgress & {
  privateReceivers: readonly string[];
  /** What becomes of the addresses when the stack is deleted. */
  removalPolicy: RemovalPolicy;
};

export function createEgress(scope: Construct, options: EgressOptions): Egress {
  const { vpc, subnets, addresses } =
    options.network === undefined
      ? createNetwork(scope, options)
      : { ...existingNetwork(scope, 'EgressNetwork', options.network), addresses: [] };
  const placement = { vpc, vpcSubnets: subnets, securityGroups: securityGroups(scope, vpc, options) };
  return { vpc, placement, addresses };
}

/**
 * A network of its own beside the database's, which leads nowhere and stays so. Small: functions of one group share a few
 * interfaces, whatever their concurrency.
 */
function createNetwork(
  scope: Construct,
  { natGateways = 1, elasticIpAllocationIds, removalPolicy }: EgressOptions,
): Network & { addresses: string[] } {
  const vpc = new Vpc(scope, 'EgressNetwork', {
    ipAddresses: IpAddresses.cidr('10.0.0.0/24'),
    maxAzs: 2,
    natGateways,
    natGatewayProvider: NatProvider.gateway(
      elasticIpAllocationIds === undefined ? {} : { eipAllocationIds: [...elasticIpAllocationIds] },
    ),
    subnetConfiguration: [
      { name: 'nat', subnetType: SubnetType.PUBLIC, cidrMask: 28, mapPublicIpOnLaunch: false },
      { name: 'functions', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 27 },
    ],
    // Closing it takes a custom resource with rights on security groups; nothing is ever a member of it.
    restrictDefaultSecurityGroup: false,
  });
  acknowledge(vpc, {
    'AwsSolutions-VPC7':
      'Only webhooks and calls of AWS APIs leave here: deliver logs the one, CloudTrail the other. A flow log would hold every receiver.',
  });
  const made = vpc.node.findAll().filter((child) => child instanceof CfnEIP);
  // Receivers have them in their lists: they outlive the network.
  for (const address of made) RemovalPolicies.of(address).apply(removalPolicy);
  return {
    // Vpc implements IVpc, but declares an optional property as a getter, which exactOptionalPropertyTypes tells apart.
    vpc: vpc as IVpc,
    subnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
    addresses: made.map(({ ref }) => ref),
  };
}

/**
 * A second layer behind the egress guard: even code that got past it reaches no private address. Each group can only add to
 * what the others allow.
 */
function securityGroups(scope: Construct, vpc: IVpc, options: EgressOptions): ISecurityGroup[] {
  const { privateReceivers, securityGroupIds = [] } = options;
  const groups = [groupTo(scope, vpc, { id: 'EgressToPublic', what: 'public addresses only', cidrs: publicRanges() })];
  if (privateReceivers.length > 0) {
    groups.push(groupTo(scope, vpc, { id: 'EgressToPrivate', what: 'private receivers', cidrs: privateReceivers }));
  }
  const further = securityGroupIds.map((groupId, index) =>
    SecurityGroup.fromSecurityGroupId(scope, `EgressFurther${index + 1}`, groupId, { mutable: false }),
  );
  return [...groups, ...further];
}

function groupTo(
  scope: Construct,
  vpc: IVpc,
  { id, what, cidrs }: { id: string; what: string; cidrs: readonly string[] },
): ISecurityGroup {
  const group = new SecurityGroup(scope, id, {
    vpc,
    allowAllOutbound: false,
    description: `Surehook deliver: out to ${what}`,
  });
  // Every port: which of them a webhook may name is the guard's to judge. Names are looked up past security groups.
  for (const cidr of cidrs) group.addEgressRule(Peer.ipv4(cidr), Port.allTcp());
  return group;
}

const INTERFACE_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * Lambda places a function with the rights of the function's own role. The function itself needs none of them: whoever takes it
 * over could otherwise look around in the network.
 */
export function grantPlacement(role: Role): void {
  // Below the role, because a function waits for what is there: without these rights Lambda refuses to make it.
  const policy = new Policy(role, 'Placement', {
    roles: [role],
    statements: [
      new PolicyStatement({ actions: INTERFACE_ACTIONS, resources: ['*'] }),
      new PolicyStatement({
        effect: Effect.DENY,
        actions: INTERFACE_ACTIONS,
        resources: ['*'],
        // Only calls from inside a function carry this key (Lambda's manual, *Configuring a VPC*).
        conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      }),
    ],
  });
  acknowledge(policy, {
    'AwsSolutions-IAM5[Resource::*]':
      'Lambda makes network interfaces whose names nobody knows before, and lists them, which supports no resource ARNs.',
  });
}
