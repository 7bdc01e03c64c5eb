import type { AwsService } from '../aws-service.ts';
import { TEXT } from '../query-parameters.ts';
import { inQueryProtocolToo, membersOf } from '../query-protocol.ts';
import { operationsService } from '../service-fault.ts';

export const STS_TARGET = 'AWSSecurityTokenService.';

export type StsOptions = {
  accountId: string;
  /** ARN of the session behind an access key; undefined for anybody outside. */
  sessionArn: (accessKeyId: string | undefined) => string | undefined;
};

/** The Security Token Service, as far as a client asks it who it is. */
export function createSts({ accountId, sessionArn }: StsOptions): AwsService {
  return operationsService({
    version: '1.1',
    serviceName: 'Security Token Service',
    targetPrefix: STS_TARGET,
    operations: {
      GetCallerIdentity: (_input, { accessKeyId }) => {
        const session = sessionArn(accessKeyId);
        // Anybody outside is an administrator, who may do everything.
        const Arn = session ?? `arn:aws:iam::${accountId}:root`;
        return { UserId: session === undefined ? accountId : (accessKeyId ?? accountId), Account: accountId, Arn };
      },
    },
  });
}

/** STS has the query protocol alone. */
export function stsInQueryProtocol(serve: AwsService): AwsService {
  return inQueryProtocolToo(serve, {
    targetPrefix: STS_TARGET,
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    input: { kind: 'structure', members: { RoleArn: { shape: TEXT } } },
    result: (_operation, fields) => membersOf(fields),
  });
}
