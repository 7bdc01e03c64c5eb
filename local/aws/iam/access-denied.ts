import { randomUUID } from 'node:crypto';
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
  const requestId = { 'x-amzn-requestid': randomUUID() };
  switch (service) {
    case 'sqs': {
      // SQS still answers its query protocol's code, which the SDKs prefer, and writes actions in lower case.
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-query-error': 'AccessDenied;Sender' };
      const body = { __type: 'com.amazon.coral.service#AccessDeniedException', message: inLowerCase(message) };
      return { status: 403, headers: { ...headers, ...requestId }, body: JSON.stringify(body) };
    }
    case 'secretsmanager': {
      const body = JSON.stringify({ __type: 'AccessDeniedException', Message: message });
      return { status: 400, headers: { 'content-type': 'application/x-amz-json-1.1', ...requestId }, body };
    }
    default: {
      const headers = { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' };
      const body = JSON.stringify({ Message: message, message });
      return { status: service === 'lambda' ? 403 : 400, headers: { ...headers, ...requestId }, body };
    }
  }
}

function inLowerCase(message: string): string {
  return message.replaceAll(/\bsqs:[A-Za-z]+/g, (action) => action.toLowerCase());
}
