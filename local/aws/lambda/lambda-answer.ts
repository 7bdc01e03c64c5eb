import type { AwsResponse } from '../aws-service.ts';

/** An answer of the Lambda API. */
export function json(status: number, document: object): AwsResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) };
}

/** An error of the Lambda API. */
export function failure(status: number, errorType: string, message: string): AwsResponse {
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': errorType };
  return { status, headers, body: JSON.stringify({ Type: 'User', Message: message, message }) };
}
