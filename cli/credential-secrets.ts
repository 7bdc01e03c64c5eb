import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { isSameSecret, type WantedSecret } from './credential-lines.ts';
import type { AwsConfiguration } from './stack-access.ts';

/** What has to happen so that a secret is as its line says. */
export type SecretStep = 'create' | 'change' | 'restore' | 'remove' | 'none';

/** A removed secret can be brought back for so long, the shortest time that Secrets Manager allows. */
const RECOVERY_DAYS = 7;

type Standing = { kind: 'there'; text: string | undefined } | { kind: 'absent' } | { kind: 'removed' };

/** The secrets of a stack's account. Errors are the SDK's own; none repeats a secret. */
export class CredentialSecrets {
  readonly #client: SecretsManagerClient;

  constructor(configuration: AwsConfiguration) {
    this.#client = new SecretsManagerClient(configuration);
  }

  /** Looks what has to be done, and changes nothing. */
  async stepFor({ name, text }: WantedSecret): Promise<SecretStep> {
    const standing = await this.#look(name);
    switch (standing.kind) {
      case 'there':
        if (text === undefined) return 'remove';
        return isSameSecret(standing.text, text) ? 'none' : 'change';
      case 'absent':
        return text === undefined ? 'none' : 'create';
      case 'removed':
        return text === undefined ? 'none' : 'restore';
    }
  }

  /** Does it. Repeated, or begun again after it was broken off, it comes to the same. */
  async follow(step: SecretStep, { name, text }: WantedSecret): Promise<void> {
    switch (step) {
      case 'none':
        return;
      case 'create':
        await this.#client.send(new CreateSecretCommand({ Name: name, SecretString: text }));
        return;
      case 'change':
        await this.#client.send(new PutSecretValueCommand({ SecretId: name, SecretString: text }));
        return;
      case 'restore':
        // Between the two the old value counts, as it did before it was removed.
        await this.#client.send(new RestoreSecretCommand({ SecretId: name }));
        await this.#client.send(new PutSecretValueCommand({ SecretId: name, SecretString: text }));
        return;
      case 'remove':
        await this.#client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: RECOVERY_DAYS }));
        return;
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #look(name: string): Promise<Standing> {
    try {
      const { SecretString } = await this.#client.send(new GetSecretValueCommand({ SecretId: name }));
      return { kind: 'there', text: SecretString };
    } catch (error) {
      const errorName = error instanceof Error ? error.name : '';
      if (errorName === 'ResourceNotFoundException') return { kind: 'absent' };
      // It is marked for deletion.
      if (errorName === 'InvalidRequestException') return { kind: 'removed' };
      throw error;
    }
  }
}
