import { awsJsonService, type AwsJsonRefusal } from './aws-json.ts';
import type { AwsRequest, AwsService } from './aws-service.ts';
import type { JsonObject } from '../json-object.ts';

/** An error response of a service that has no errors of its own kind. */
export class ServiceFault extends Error {
  override readonly name = 'ServiceFault';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Answers the fields of the response, and throws ServiceFault. */
export type ServiceOperation = (input: JsonObject, request: AwsRequest) => JsonObject;

/** A small service in AWS JSON; an operation that is not here is refused by name. */
export function operationsService(api: {
  version: '1.0' | '1.1';
  /** As people write it, e.g. `CloudWatch Logs`. */
  serviceName: string;
  targetPrefix: string;
  operations: Readonly<Record<string, ServiceOperation>>;
}): AwsService {
  return awsJsonService({
    version: api.version,
    targetPrefix: api.targetPrefix,
    operationNamed(name) {
      const operation = Object.hasOwn(api.operations, name) ? api.operations[name] : undefined;
      if (operation !== undefined) return operation;
      const here = Object.keys(api.operations).join(', ');
      const asked = /^\w{1,64}$/.test(name) ? name : 'this operation';
      throw new ServiceFault('InvalidAction', `The local ${api.serviceName} does not know ${asked}. It has: ${here}.`);
    },
    malformedBody: (why) => new ServiceFault('SerializationException', why),
    refusalOf,
  });
}

function refusalOf(error: unknown): AwsJsonRefusal | undefined {
  if (!(error instanceof ServiceFault)) return undefined;
  const { code, message, status } = error;
  return { status, fields: { __type: code, message, Message: message } };
}
