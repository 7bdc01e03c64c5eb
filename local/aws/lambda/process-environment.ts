import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LambdaFunction } from './lambda-function.ts';

/** The runtime every process of a function starts with. */
export const BOOTSTRAP_FILE = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));

const PACKAGES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

export type ProcessIdentity = {
  lambdaFunction: LambdaFunction;
  region: string;
  /** 32 hexadecimal digits; also the end of the log stream's name. */
  processId: string;
  runtimeApiAddress: string;
  /** Epoch milliseconds. */
  startedAtMs: number;
  /** Credentials and endpoint; they win over the template's variables, as Lambda's reserved names do. */
  extra: Readonly<Record<string, string>>;
};

/** Exactly what a function's process sees: Lambda's variables, the template's, `extra`. Nothing is inherited. */
export function processEnvironment(identity: ProcessIdentity): Record<string, string> {
  const { lambdaFunction, region } = identity;
  const day = new Date(identity.startedAtMs).toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    ...lambdaFunction.environment,
    ...logVariables(lambdaFunction),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: lambdaFunction.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambdaFunction.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: lambdaFunction.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${identity.processId}`,
    AWS_LAMBDA_RUNTIME_API: identity.runtimeApiAddress,
    AWS_EXECUTION_ENV: `AWS_Lambda_${lambdaFunction.runtime}`,
    _HANDLER: lambdaFunction.handler,
    LAMBDA_TASK_ROOT: resolve(lambdaFunction.codeFolder),
    LAMBDA_RUNTIME_DIR: dirname(BOOTSTRAP_FILE),
    // As on Lambda, where a bundle may leave out the SDK that the runtime has; here it is the clients that this project has.
    NODE_PATH: PACKAGES,
    LANG: 'en_US.UTF-8',
    TZ: 'UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...identity.extra,
  };
}

/**
 * The heap as Lambda's Node.js runtime sizes it: a tenth of the memory for new objects (two semi-spaces), the rest for
 * old ones; and its larger limit for response headers. As arguments, so that NODE_OPTIONS stays the template's.
 */
export function nodeArguments(memoryMb: number): string[] {
  const newSpaceMb = Math.floor(memoryMb / 10);
  return [
    `--max-semi-space-size=${Math.max(1, Math.floor(newSpaceMb / 2))}`,
    `--max-old-space-size=${memoryMb - newSpaceMb}`,
    '--max-http-header-size=81920',
  ];
}

function logVariables(lambdaFunction: LambdaFunction): Record<string, string> {
  if (lambdaFunction.logFormat === 'Text') return { AWS_LAMBDA_LOG_FORMAT: 'Text' };
  return { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: lambdaFunction.logLevel ?? 'INFO' };
}
