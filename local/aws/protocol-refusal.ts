import { randomUUID } from 'node:crypto';
import { cborAnswer, isCbor } from './cbor-protocol.ts';
import { awsJsonAnswer } from './aws-json.ts';
import type { AwsRequest, AwsResponse } from './aws-service.ts';
import { queryAction, queryRefusal } from './query-protocol.ts';
import { xmlElement } from './xml.ts';

export type ServiceRefusal = { status: number; code: string; message: string };

/** Services whose REST API answers in XML; those of the others answer in JSON. */
const REST_XML = new Set(['cloudfront', 'route53', 's3', 's3-object-lambda', 's3express']);

/**
 * A refusal in the protocol that the request was made in, so that its client prints the message and not that it could not
 * read the answer. Needs no knowledge of the service.
 *
 * @param service as in the SigV4 credential scope
 */
export function refusalInProtocol(service: string, request: AwsRequest, refusal: ServiceRefusal): AwsResponse {
  const { status, code, message } = refusal;
  const requestId = randomUUID();
  if (isCbor(request)) return cborAnswer(status, { __type: code, message });
  if (request.headers['x-amz-target'] !== undefined) {
    const version = request.headers['content-type']?.includes('json-1.0') === true ? '1.0' : '1.1';
    return awsJsonAnswer(version, { status, fields: { __type: code, message } });
  }
  if (queryAction(request) !== undefined) {
    if (service === 'ec2') return ec2Refusal(refusal, requestId);
    return queryRefusal({ ...refusal, requestId, namespace: `http://${service}.amazonaws.com/doc/` });
  }
  if (REST_XML.has(service)) {
    return xml(status, requestId, xmlElement('Error', { Code: code, Message: message, RequestId: requestId }));
  }
  const headers = { 'content-type': 'application/json', 'x-amzn-errortype': code, 'x-amzn-requestid': requestId };
  return { status, headers, body: JSON.stringify({ message, Message: message }) };
}

/** Of the services' own protocols the oldest, which only EC2 still has. */
function ec2Refusal({ status, code, message }: ServiceRefusal, requestId: string): AwsResponse {
  const error = { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId };
  return xml(status, requestId, xmlElement('Response', error));
}

function xml(status: number, requestId: string, element: string): AwsResponse {
  const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
  return { status, headers, body: `<?xml version="1.0"?>\n${element}` };
}
