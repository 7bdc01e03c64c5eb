import type { AwsRequest, AwsResponse, AwsService } from '../aws-service.ts';
import { accessDenied, denialMessage } from './access-denied.ts';
import type { Permissions } from './permissions.ts';
import type { Verdict } from './policy-engine.ts';
import type { AccessReader, RequestedAccess } from './requested-access.ts';

/** One judgement: a request of a function needs one or two. */
export type JudgedAccess = RequestedAccess & { functionName: string; verdict: Verdict };

export type Enforcement = {
  /** Which function an access key belongs to; undefined for anybody outside. */
  functionOf: (accessKeyId: string | undefined) => string | undefined;
  permissions: Permissions;
  /** By the service in the SigV4 credential scope. */
  readers: Readonly<Record<string, AccessReader>>;
  /** Called with every judgement of a function's request. */
  onAccess?: ((judged: JudgedAccess) => void) | undefined;
};

/**
 * The services, each behind the permissions of the function that calls. Any other credentials belong to an administrator
 * outside, who may do everything. Functions may not call a service whose requests the twin cannot read.
 */
export function enforcePermissions<Service extends string>(
  services: Readonly<Record<Service, AwsService>>,
  enforcement: Enforcement,
): Record<Service, AwsService> {
  const guarded: Partial<Record<Service, AwsService>> = {};
  for (const name in services) guarded[name] = guard(name, services[name], enforcement);
  // The loop goes through every key of `services`.
  return guarded as Record<Service, AwsService>;
}

function guard(service: string, serve: AwsService, enforcement: Enforcement): AwsService {
  return async (request) => {
    const functionName = enforcement.functionOf(request.accessKeyId);
    if (functionName === undefined) return serve(request);
    const refusal = await refusalOf(request, { service, functionName, enforcement });
    return refusal ?? serve(request);
  };
}

/** Undefined when the function may make the request, or the service will refuse it by itself. */
async function refusalOf(
  request: AwsRequest,
  { service, functionName, enforcement }: { service: string; functionName: string; enforcement: Enforcement },
): Promise<AwsResponse | undefined> {
  const { permissions, readers, onAccess } = enforcement;
  const asked = readers[service]?.(request) ?? 'unknown';
  if (asked === 'malformed') return undefined;
  const principalArn = permissions.sessionArn(functionName);
  if (asked === 'unknown') {
    const what = request.headers['x-amz-target'] ?? `${request.method} ${request.path}`;
    return accessDenied(service, `User: ${principalArn}: the local twin cannot judge ${what} by a function`);
  }
  for (const access of asked) {
    const judgement = permissions.judgeFunction(functionName, access);
    const verdict = judgement instanceof Promise ? await judgement : judgement;
    onAccess?.({ ...access, functionName, verdict });
    if (verdict.kind === 'denied') return accessDenied(service, denialMessage({ principalArn, access, verdict }));
  }
  return undefined;
}
