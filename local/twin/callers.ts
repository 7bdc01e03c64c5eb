import { randomBytes } from 'node:crypto';

/** Which function an access key belongs to: each process gets its own credentials, as each sandbox does on Lambda. */
export type Callers = {
  credentialsOf(functionName: string, processId: string): Record<string, string>;
  /** Its process has ended; its last requests may still be on their way. */
  processEnded(processId: string): void;
  /** Undefined for callers outside, who may use any other credentials. */
  functionOf(accessKeyId: string | undefined): string | undefined;
};

/** The credentials of this many ended processes are kept. */
const KEPT_ENDED = 1_000;

export function createCallers(): Callers {
  const functions = new Map<string, string>();
  const keys = new Map<string, string>();
  const ended: string[] = [];
  return {
    credentialsOf(functionName, processId) {
      const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
      functions.set(accessKeyId, functionName);
      keys.set(processId, accessKeyId);
      return {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'),
        AWS_SESSION_TOKEN: `local-${processId}`,
      };
    },
    processEnded(processId) {
      const accessKeyId = keys.get(processId);
      if (accessKeyId === undefined) return;
      keys.delete(processId);
      ended.push(accessKeyId);
      if (ended.length > KEPT_ENDED) functions.delete(ended.shift() ?? '');
    },
    functionOf: (accessKeyId) => (accessKeyId === undefined ? undefined : functions.get(accessKeyId)),
  };
}
