import { randomUUID } from 'node:crypto';
import { awsJsonAnswer } from '../aws-json.ts';
import type { AwsResponse } from '../aws-service.ts';
import type { Verdict } from './policy-engine.ts';
import type { RequestedAccess } from './requested-access.ts';

type Denial = { principalArn: string; access: RequestedAccess; verdict: Extract<Verdict, { kind: 'denied' }> };

/** A refusal in IAM's words (IAM manual, troubleshooting access denied error messages). */
export function denialMessage({ principalArn, access, verdict }: Denial): string {
  const { action, resource, namedAs = resource } = access;
  const on = namedAs === '*' ? '' : ` on resource: ${namedAs}`;
  const why =
    verdict.how === 'explicitly'
      ? `with an explicit deny in ${verdict.by === 'identity-based' ? 'an' : 'a'} ${verdict.by} policy`
      : `because no ${verdict.by} policy allows the ${action} action`;
  return `User: ${principalArn} is not authorized to perform: ${action}${on} ${why}`;
}

/** The refusal in the protocol of the service, by its name in the SigV4 credential scope. */
export function accessDenied(service: string, message: string): AwsResponse {
  switch (service) {
    case 'sqs': {
      // SQS still answers its query protocol's code, which the SDKs prefer, and writes actions in lower case.
      const fields = { __type: 'com.amazon.coral.service#AccessDeniedException', message: inLowerCase(message) };
      return awsJsonAnswer('1.0', { status: 403, fields, headers: { 'x-amzn-query-error': 'AccessDenied;Sender' } });
    }
    case 'secretsmanager':
      return awsJsonAnswer('1.1', { status: 400, fields: { __type: 'AccessDeniedException', Message: message } });
    default: {
      const headers = { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' };
      const body = JSON.stringify({ __type: 'AccessDeniedException', Message: message, message });
      const status = service === 'lambda' ? 403 : 400;
      return { status, headers: { ...headers, 'x-amzn-requestid': randomUUID() }, body };
    }
  }
}

function inLowerCase(message: string): string {
  return message.replaceAll(/\bsqs:[A-Za-z]+/g, (action) => action.toLowerCase());
}
