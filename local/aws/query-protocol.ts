import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, parsedJsonObject } from '../json-object.ts';
import type { AwsRequest, AwsResponse, AwsService } from './aws-service.ts';
import { inputOf, type QueryShape } from './query-parameters.ts';
import { type XmlContent, xmlElement } from './xml.ts';

/** How a service that is built in AWS JSON answers in the query protocol: the same operations, written differently. */
export type QueryApi = {
  /** The prefix of `X-Amz-Target`, e.g. `AmazonSQS.` */
  targetPrefix: string;
  /** The XML namespace of answers. */
  namespace: string;
  /** Of all operations together: a member means the same in each. */
  input: QueryShape;
  result(operation: string, fields: JsonObject): XmlContent;
  /** Where a request without the member names its queue: in the path. */
  completed?(input: JsonObject, request: AwsRequest): JsonObject;
};

const FORM = 'application/x-www-form-urlencoded';

/** The action that a request asks for in the query protocol; undefined for a request in another protocol. */
export function queryAction(request: AwsRequest): string | undefined {
  return parametersOf(request)?.get('Action') ?? undefined;
}

/** The parameters of a request in the query protocol: a form, or the query of a GET. */
function parametersOf({ method, headers, query, body }: AwsRequest): URLSearchParams | undefined {
  if (headers['x-amz-target'] !== undefined) return undefined;
  if (headers['content-type']?.startsWith(FORM) === true) return new URLSearchParams(body.toString());
  return method === 'GET' && query.has('Action') ? query : undefined;
}

/**
 * The same service for clients that speak the query protocol too: their requests reach it as AWS JSON, so that whatever
 * judges, counts or serves them knows one protocol only.
 */
export function inQueryProtocolToo(serve: AwsService, api: QueryApi): AwsService {
  return async (request) => {
    const parameters = parametersOf(request);
    if (parameters === undefined) return serve(request);
    const action = parameters.get('Action') ?? '';
    const read = inputOf(parameters, api.input);
    const input = api.completed?.(read, request) ?? read;
    const headers = { ...request.headers, 'x-amz-target': api.targetPrefix + action };
    const answer = await serve({ ...request, headers, body: Buffer.from(JSON.stringify(input)) });
    const fields = parsedJsonObject(answer.body.toString()) ?? {};
    const requestId = answer.headers['x-amzn-requestid'] ?? randomUUID();
    if (answer.status >= 400) return queryRefusal({ ...refused(answer, fields), requestId, namespace: api.namespace });
    const content = { [`${action}Result`]: api.result(action, fields), ResponseMetadata: { RequestId: requestId } };
    const xml = xmlElement(`${action}Response`, content, ` xmlns="${api.namespace}"`);
    return xmlAnswer({ status: answer.status, xml, requestId });
  };
}

type Refusal = { status: number; code: string; message: string };

/** An error as the query protocol has it. */
export function queryRefusal(refusal: Refusal & { requestId: string; namespace: string }): AwsResponse {
  const { status, code, message, requestId, namespace } = refusal;
  const error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message };
  const xml = xmlElement('ErrorResponse', { Error: error, RequestId: requestId }, ` xmlns="${namespace}"`);
  return xmlAnswer({ status, xml, requestId });
}

function xmlAnswer({ status, xml, requestId }: { status: number; xml: string; requestId: string }): AwsResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: `<?xml version="1.0"?>\n${xml}`,
  };
}

/** A service that had the query protocol first still names that protocol's code beside its own. */
function refused({ status, headers }: AwsResponse, fields: JsonObject): Refusal {
  const [ofQuery] = headers['x-amzn-query-error']?.split(';') ?? [];
  const type = headers['x-amzn-errortype'] ?? fields['__type'];
  const ofJson = typeof type === 'string' ? (type.split('#').at(-1) ?? type) : 'InternalFailure';
  const message = fields['message'] ?? fields['Message'];
  return {
    status: ofJson === 'AccessDeniedException' ? 403 : status,
    code: ofQuery ?? (ofJson === 'AccessDeniedException' ? 'AccessDenied' : ofJson),
    message: typeof message === 'string' ? message : '',
  };
}

/** Lists as `member` elements and times as RFC 3339: what all services but SQS answer. */
export function membersOf(fields: JsonObject): XmlContent {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, contentOf(value, name)]));
}

function contentOf(value: unknown, name: string): XmlContent {
  if (Array.isArray(value)) return { member: value.map((one) => contentOf(one, '')) };
  if (isJsonObject(value)) return membersOf(value);
  if (typeof value === 'number' && /Time(?:stamp)?$/.test(name)) return new Date(value * 1000).toISOString();
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return undefined;
}
