import { DatabaseError } from 'pg';
import type { AwsResponse } from '../aws-service.ts';

/** Names of @aws-sdk/client-rds-data's exceptions, and of three that AWS uses but no service model lists. */
export type FaultName =
  | 'DatabaseErrorException'
  | 'DatabaseResumingException'
  | 'DatabaseUnavailableException'
  | 'HttpEndpointNotEnabledException'
  | 'InternalFailure'
  | 'RequestEntityTooLargeException'
  | 'SecretsErrorException'
  | 'SerializationException'
  | 'ServiceUnavailableError'
  | 'StatementTimeoutException'
  | 'TransactionNotFoundException'
  | 'UnknownOperationException'
  | 'UnsupportedResultException'
  | 'ValidationException';

const STATUS: Partial<Record<FaultName, number>> = {
  DatabaseUnavailableException: 504,
  InternalFailure: 500,
  RequestEntityTooLargeException: 413,
  ServiceUnavailableError: 503,
  TransactionNotFoundException: 404,
  UnknownOperationException: 404,
};

/** An answer other than 200: thrown anywhere in the service and turned into the response at its entry point. */
export class DataApiFault extends Error {
  override readonly name: FaultName;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(name: FaultName, message = '', details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = name;
    this.details = details;
  }

  toResponse(): AwsResponse {
    const body = this.message === '' ? this.details : { message: this.message, ...this.details };
    return {
      status: STATUS[this.name] ?? 400,
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': this.name },
      body: JSON.stringify(body),
    };
  }
}

/** An error that was not caused by the caller, PostgreSQL or the network. */
export function isBugOfOurs(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}

/** SQLSTATE of a statement ended by pg_cancel_backend. */
const QUERY_CANCELED = '57014';

export function wasCancelled(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === QUERY_CANCELED;
}

/**
 * What the Data API says when PostgreSQL refuses: `ERROR: …; Detail: …; Hint: …; Position: 8; SQLState: 42883`. A connection that
 * fails, or a server that is going down or not yet up (57P01–57P03), is the cluster's writer not being available.
 */
export function faultOf(error: unknown): DataApiFault {
  if (error instanceof DataApiFault) return error;
  if (!(error instanceof DatabaseError) || error.code === undefined || /^57P0[1-3]$/.test(error.code)) {
    return new DataApiFault('DatabaseUnavailableException');
  }
  const parts = [`${error.severity ?? 'ERROR'}: ${error.message}`];
  if (error.detail !== undefined) parts.push(`Detail: ${error.detail}`);
  if (error.hint !== undefined) parts.push(`Hint: ${error.hint}`);
  if (error.position !== undefined) parts.push(`Position: ${error.position}`);
  parts.push(`SQLState: ${error.code}`);
  return new DataApiFault('DatabaseErrorException', parts.join('; '));
}
