/**
 * What every local AWS endpoint looks like to the one HTTP port in front of them. The front door reads the service from
 * the SigV4 credential scope (signatures are not verified) and the caller from the access key id.
 */
export type AwsRequest = {
  method: string;
  /** Path and query as sent, e.g. `/Execute` or `/2015-03-31/functions/name/invocations`. */
  path: string;
  query: URLSearchParams;
  /** Lower-cased names. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** Access key id of the SigV4 credential scope; the front door gives each function process its own. */
  accessKeyId: string | undefined;
  /** Aborts when the client disconnects, which ends a long poll. */
  signal: AbortSignal;
};

export type AwsResponse = { status: number; headers: Record<string, string>; body: string | Buffer };

/** Never rejects because of a caller's mistake: the answer is then an AwsResponse in the service's own error format. */
export type AwsService = (request: AwsRequest) => Promise<AwsResponse>;
