import { randomBytes } from 'node:crypto';

/** Which function an access key belongs to: each process gets credentials of its own, as Lambda gives each sandbox some. */
export type Callers = {
  credentialsOf(functionName: string, processId: string): Record<string, string>;
  /** Its process has gone; what it asked for last may still be on its way. */
  processEnded(processId: string): void;
  /** Undefined for anybody outside: any other credentials do. */
  functionOf(accessKeyId: string | undefined): string | undefined;
};

/** Of so many processes that have ended the credentials are still known. */
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
