import { Token } from 'aws-cdk-lib';
import { privateReceiverFault } from '../shared/settings.ts';
import type { ExistingNetwork, StaticEgress, WebhookDeliveryProps } from './webhook-delivery-props.ts';

/** Lambda takes five security groups; two may be made here. */
const MAX_FURTHER_GROUPS = 3;

/** What is wrong with the props that say where webhooks leave from and whom else they may reach. */
export function egressFaults({ staticEgress, privateReceivers = [] }: WebhookDeliveryProps): string[] {
  const faults = privateReceivers.flatMap((cidr, index) => {
    const fault = privateReceiverFault(cidr);
    return fault === undefined ? [] : [`privateReceivers[${index}] ${fault}`];
  });
  if (staticEgress !== undefined) return [...faults, ...staticEgressFaults(staticEgress)];
  // Outside of a VPC such a range would be let through by the guard and lead nowhere.
  if (privateReceivers.length > 0) faults.push('privateReceivers needs staticEgress: only in a VPC are they reached');
  return faults;
}

function staticEgressFaults({ network, ...made }: StaticEgress): string[] {
  const { natGateways, elasticIpAllocationIds, securityGroupIds = [] } = made;
  const ofMade = network === undefined ? [] : (['natGateways', 'elasticIpAllocationIds'] as const);
  const given = ofMade.filter((name) => made[name] !== undefined);
  const wanted = natGateways ?? 1;
  const rules: [holds: boolean, fault: string][] = [
    ...given.map((name): [boolean, string] => [false, `staticEgress.${name} is for a network that is made here`]),
    [wanted === 1 || wanted === 2, 'staticEgress.natGateways must be 1 or 2'],
    [
      elasticIpAllocationIds === undefined || elasticIpAllocationIds.length === wanted,
      'staticEgress.elasticIpAllocationIds must hold one address for each NAT gateway',
    ],
    [
      (elasticIpAllocationIds ?? []).every(isIdOf('eipalloc')),
      'staticEgress.elasticIpAllocationIds must hold ids such as eipalloc-0123456789abcdef0',
    ],
    [
      securityGroupIds.length <= MAX_FURTHER_GROUPS && securityGroupIds.every(isIdOf('sg')),
      `staticEgress.securityGroupIds must hold at most ${MAX_FURTHER_GROUPS} ids such as sg-0123456789abcdef0`,
    ],
  ];
  const faults = rules.filter(([holds]) => !holds).map(([, fault]) => fault);
  return network === undefined ? faults : [...faults, ...networkFaults('staticEgress.network', network)];
}

/** What is wrong with a network that is given by ids. */
export function networkFaults(prop: string, network: ExistingNetwork): string[] {
  if ('vpc' in network) return [];
  const faults: string[] = [];
  if (!isIdOf('vpc')(network.vpcId)) faults.push(`${prop}.vpcId must be an id such as vpc-0123456789abcdef0`);
  if (network.subnetIds.length === 0 || !network.subnetIds.every(isIdOf('subnet'))) {
    faults.push(`${prop}.subnetIds must hold at least one id such as subnet-0123456789abcdef0`);
  }
  return faults;
}

function isIdOf(kind: string): (id: string) => boolean {
  return (id) =>
    Token.isUnresolved(id) || (id.startsWith(`${kind}-`) && /^[0-9a-f]{8,17}$/.test(id.slice(kind.length + 1)));
}
