import type {
  GetSecretValueCommand,
  SecretsManagerClient,
  SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';

import type { CredentialSource, SecretRead } from '../credentials/credentials.ts';
import { errorName } from '../observe/redaction.ts';

/** Three tries within the 5 s that a caller waits: each has this long to connect, and this long in all. */
const CONNECT_TIMEOUT_MS = 1_000;
const TRY_TIMEOUT_MS = 1_500;
const MAX_TRIES = 3;

/**
 * Credentials in Secrets Manager. The client is loaded when it is first needed: most invocations send nothing that has a
 * credential. `config` holds what differs from the environment's defaults, such as an endpoint.
 */
export function createSecretsManagerCredentials(config: SecretsManagerClientConfig = {}): CredentialSource {
  let loading: Promise<LoadedClient> | undefined;
  const loaded = () => {
    loading ??= load(config).catch((error: unknown) => {
      // One bad load must not break the process for good.
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return {
    async fetch(name, signal) {
      try {
        const { client, GetSecretValueCommand } = await loaded();
        // Stated although it is the default, because a rotation's pending and previous versions must never be sent.
        const command = new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSCURRENT' });
        const answer = await client.send(command, { abortSignal: signal });
        return { kind: 'found', secretString: answer.SecretString };
      } catch (error) {
        return judgeError(error);
      }
    },
  };
}

type LoadedClient = {
  client: SecretsManagerClient;
  GetSecretValueCommand: typeof GetSecretValueCommand;
};

async function load(config: SecretsManagerClientConfig): Promise<LoadedClient> {
  const sdk = await import('@aws-sdk/client-secrets-manager');
  const client = new sdk.SecretsManagerClient({
    maxAttempts: MAX_TRIES,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: TRY_TIMEOUT_MS,
      // Without it the timeout only warns.
      throwOnRequestTimeout: true,
    },
    ...config,
  });
  return { client, GetSecretValueCommand: sdk.GetSecretValueCommand };
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
