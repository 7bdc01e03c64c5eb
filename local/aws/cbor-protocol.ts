import { randomUUID } from 'node:crypto';
import { cbor, dateToTag } from '@smithy/core/cbor';
import { isJsonObject, type JsonObject, parsedJsonObject } from '../json-object.ts';
import type { AwsRequest, AwsResponse, AwsService } from './aws-service.ts';

/** How a service that is built in AWS JSON answers in Smithy's RPC protocol with CBOR, which newer clients prefer. */
export type CborApi = {
  /** The prefix of `X-Amz-Target`, e.g. `GraniteServiceVersion20100801.` */
  targetPrefix: string;
};

const PATH = /^\/service\/(\w+)\/operation\/(\w+)\/?$/;

export function isCbor({ headers }: AwsRequest): boolean {
  return headers['smithy-protocol'] === 'rpc-v2-cbor';
}

/** The same service for clients that speak CBOR too. */
export function inCborToo(serve: AwsService, { targetPrefix }: CborApi): AwsService {
  return async (request) => {
    const [, , operation] = isCbor(request) ? (PATH.exec(request.path) ?? []) : [];
    if (operation === undefined) return serve(request);
    const input = request.body.length === 0 ? {} : decoded(request.body);
    if (input === undefined) {
      return cborAnswer(400, { __type: 'SerializationException', message: 'The request body is not CBOR.' });
    }
    const headers = { ...request.headers, 'x-amz-target': targetPrefix + operation };
    const answer = await serve({ ...request, headers, body: Buffer.from(JSON.stringify(input)) });
    return cborAnswer(answer.status, parsedJsonObject(answer.body.toString()) ?? {});
  };
}

/** Times, which are numbers in AWS JSON, get CBOR's tag for them. */
export function cborAnswer(status: number, fields: JsonObject): AwsResponse {
  return {
    status,
    headers: {
      'content-type': 'application/cbor',
      'smithy-protocol': 'rpc-v2-cbor',
      'x-amzn-requestid': randomUUID(),
    },
    body: Buffer.from(cbor.serialize(withTimes(fields, ''))),
  };
}

function withTimes(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((one) => withTimes(one, ''));
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, withTimes(one, member)]));
  }
  if (typeof value === 'number' && /Time(?:stamp)?$/.test(name)) return dateToTag(new Date(value * 1000));
  return value;
}

function decoded(body: Buffer): JsonObject | undefined {
  try {
    const value: unknown = cbor.deserialize(body);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
