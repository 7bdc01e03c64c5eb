import { Annotations } from 'aws-cdk-lib';
import { type ISubnet, type IVpc, Subnet, type SubnetSelection, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { ExistingNetwork } from './webhook-delivery-props.ts';

export type Network = { vpc: IVpc; subnets: SubnetSelection };

/** A VPC that others own, as they gave it. What is given by ids is named and never looked up, so that synthesis needs no account. */
export function existingNetwork(scope: Construct, id: string, given: ExistingNetwork): Network {
  if ('vpc' in given) return { vpc: given.vpc, subnets: given.vpcSubnets ?? {} };
  // The CDK demands a zone where nothing here asks for one.
  const vpc = Vpc.fromVpcAttributes(scope, id, { vpcId: given.vpcId, availabilityZones: ['any'] });
  const subnets = given.subnetIds.map((subnetId, index) => namedSubnet(scope, `${id}Subnet${index + 1}`, subnetId));
  return { vpc, subnets: { subnets } };
}

function namedSubnet(scope: Construct, id: string, subnetId: string): ISubnet {
  const subnet = Subnet.fromSubnetId(scope, id, subnetId);
  // Nothing here asks for its route table.
  Annotations.of(subnet).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId');
  return subnet;
}
