import type { AwsService } from '../aws-service.ts';
import { TEXT } from '../query-parameters.ts';
import { inQueryProtocolToo, membersOf } from '../query-protocol.ts';
import { operationsService, ServiceFault } from '../service-fault.ts';
import type { StackDescription } from '../../template/stack-description.ts';

const TARGET = 'CloudFormation_20100515.';

export type CloudFormationOptions = {
  region: string;
  accountId: string;
  stack: Pick<StackDescription, 'stackName'>;
  /** Of the version that is deployed; undefined before the first is. */
  outputs: () => Readonly<Record<string, string>> | undefined;
  /** Epoch milliseconds. */
  createdAtMs: number;
};

/** CloudFormation, as far as its one stack can be looked at. */
export function createCloudFormation({
  region,
  accountId,
  stack,
  outputs,
  createdAtMs,
}: CloudFormationOptions): AwsService {
  const StackId = `arn:aws:cloudformation:${region}:${accountId}:stack/${stack.stackName}/local`;
  const described = () => ({
    StackId,
    StackName: stack.stackName,
    CreationTime: createdAtMs / 1000,
    StackStatus: outputs() === undefined ? 'CREATE_IN_PROGRESS' : 'CREATE_COMPLETE',
    DisableRollback: false,
    EnableTerminationProtection: false,
    Outputs: Object.entries(outputs() ?? {}).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
  });
  return operationsService({
    version: '1.1',
    serviceName: 'CloudFormation',
    targetPrefix: TARGET,
    operations: {
      DescribeStacks({ StackName: name }) {
        if (name === undefined || name === stack.stackName || name === StackId) return { Stacks: [described()] };
        throw new ServiceFault('ValidationError', `Stack with id ${String(name)} does not exist`);
      },
    },
  });
}

/** CloudFormation has the query protocol alone. */
export function cloudFormationInQueryProtocol(serve: AwsService): AwsService {
  return inQueryProtocolToo(serve, {
    targetPrefix: TARGET,
    namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    input: { kind: 'structure', members: { StackName: { shape: TEXT }, NextToken: { shape: TEXT } } },
    result: (_operation, fields) => membersOf(fields),
  });
}
