import type { AwsCredentials } from './signed-headers.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a service is, and who asks there. */
export type AwsAccess = {
  region: string;
  credentials: AwsCredentials;
  /** Scheme, host and port. Undefined: the one of what is asked for, as a queue's URL names it. */
  endpoint: string | undefined;
};

/** What Lambda sets for every function is not set. */
class NoAwsAccess extends Error {
  static override readonly name = 'NoAwsAccess';
  override readonly name = 'NoAwsAccess';
  readonly code = 'no_aws_access';

  constructor(missing: readonly string[]) {
    super(`not set: ${missing.join(', ')}`);
  }
}

/**
 * Reads what Lambda sets: the region, the credentials of the function's role, which last longer than its process, and an endpoint
 * that somebody put in place of AWS' own, by the names that every SDK reads. Throws NoAwsAccess.
 *
 * @param name as the SDKs write it in the names of variables, such as `RDS_DATA`
 */
export function awsAccess(environment: Environment, name: string): AwsAccess {
  const read = (variable: string): string => environment[variable]?.trim() ?? '';
  const needed = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  const missing = needed.filter((variable) => read(variable) === '');
  if (missing.length > 0) throw new NoAwsAccess(missing);
  const ignored = read('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS') === 'true';
  const endpoint = ignored ? '' : read(`AWS_ENDPOINT_URL_${name}`) || read('AWS_ENDPOINT_URL');
  const sessionToken = read('AWS_SESSION_TOKEN');
  return {
    region: read('AWS_REGION'),
    credentials: {
      accessKeyId: read('AWS_ACCESS_KEY_ID'),
      secretAccessKey: read('AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken !== '' && { sessionToken }),
    },
    endpoint: endpoint === '' ? undefined : endpoint,
  };
}

/** Partitions by how their regions begin; all others are `aws`. */
const DOMAINS: readonly [prefix: string, domain: string][] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eusc-', 'amazonaws.eu'],
];

/** AWS' own endpoint of a service, such as `rds-data`. */
export function regionalEndpoint(service: string, region: string): string {
  const domain = DOMAINS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
  return `https://${service}.${region}.${domain}`;
}
