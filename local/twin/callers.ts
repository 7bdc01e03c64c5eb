import { randomBytes } from 'node:crypto';

/** Which function an access key belongs to: each process gets credentials of its own, as Lambda gives each sandbox some. */
export type Callers = {
  credentialsOf(functionName: string, processId: string): Record<string, string>;
  /** Undefined for anybody outside: any other credentials do. */
  functionOf(accessKeyId: string | undefined): string | undefined;
};

export function createCallers(): Callers {
  const functions = new Map<string, string>();
  return {
    credentialsOf(functionName, processId) {
      const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
      functions.set(accessKeyId, functionName);
      return {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'),
        AWS_SESSION_TOKEN: `local-${processId}`,
      };
    },
    functionOf: (accessKeyId) => (accessKeyId === undefined ? undefined : functions.get(accessKeyId)),
  };
}
