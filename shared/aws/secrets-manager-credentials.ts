import type { CredentialSource, SecretRead } from '../credentials/credentials.ts';
import { errorName } from '../observe/redaction.ts';
import { createSecretCalls, type Surroundings } from './clients.ts';

/** Credentials in Secrets Manager. */
export function createSecretsManagerCredentials(surroundings: Surroundings): CredentialSource {
  const calls = createSecretCalls(surroundings);
  return {
    async fetch(name, signal) {
      try {
        // Stated although it is the default, because a rotation's pending and previous versions must never be sent.
        const secret = { SecretId: name, VersionStage: 'AWSCURRENT' };
        const answer = await calls.call('GetSecretValue', secret, { abortSignal: signal });
        return { kind: 'found', secretString: answer.SecretString };
      } catch (error) {
        return judgeError(error);
      }
    },
  };
}

/**
 * A secret that is unknown, or deleted and recoverable, is the delivery's fault. Everything else is an internal fault, even a
 * refusal: the name is built from the row's own organization, so a refusal means a wrong policy or key, never somebody else's
 * secret. Only the error's name is read and passed on: its message repeats the secret's name, and the error holds the request.
 */
function judgeError(error: unknown): SecretRead {
  const name = error instanceof Error ? error.name : '';
  if (name === 'ResourceNotFoundException' || name === 'InvalidRequestException') return { kind: 'missing' };
  return { kind: 'unavailable', detail: `Secrets Manager: ${errorName(error)}` };
}
