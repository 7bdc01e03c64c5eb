import { randomUUID } from 'node:crypto';
import { awsJsonService } from '../aws-json.ts';
import type { AwsService } from '../aws-service.ts';
import { findVersion, readOperations } from './read-operations.ts';
import { SecretStore, type StorePlace } from './secret-store.ts';
import { withVersion } from './secret.ts';
import { SecretsError } from './secrets-error.ts';
import { writeOperations, type Operation } from './write-operations.ts';

export type SecretsManager = {
  /** The API as its SDKs and the AWS CLI speak it: AWS JSON 1.1, the operation in `X-Amz-Target`. */
  service: AwsService;
  /**
   * Creates a secret of the template, with the ARN that the template gives it, and returns its ARN. An existing secret keeps
   * its value and its ARN, as in a second deployment, and is restored if it was marked for deletion.
   */
  ensure(secret: { name: string; secretString: string; arn?: string | undefined }): string;
  /** The current value, for use inside this process; undefined if GetSecretValue would find nothing. */
  peek(arnOrName: string): string | undefined;
  /** Of a secret by name, whole or partial ARN, even if marked for deletion; undefined if there is none. */
  arnOf(secretId: string): string | undefined;
};

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(Object.entries({ ...readOperations, ...writeOperations }));

/** Secrets in the one file of mode 0600 that `place` names. Throws SecretsFileError for a damaged one. */
export function createSecretsManager(place: StorePlace): SecretsManager {
  const store = new SecretStore(place);
  return {
    service: awsJsonService({
      version: '1.1',
      targetPrefix: 'secretsmanager.',
      operationNamed: (name) => (input) => operationNamed(name)(store, input),
      malformedBody: (why) => new SecretsError('ValidationException', why),
      refusalOf: (error) =>
        error instanceof SecretsError
          ? { status: 400, fields: { __type: error.type, Message: error.message } }
          : undefined,
    }),
    ensure: (secret) => ensure(store, secret),
    arnOf: (secretId) => store.find(secretId)?.arn,
    peek(arnOrName) {
      const secret = store.find(arnOrName);
      if (secret === undefined || secret.deletionAtMs !== undefined || secret.versions.length === 0) return undefined;
      const { value } = findVersion(secret);
      return value.kind === 'string' ? value.text : Buffer.from(value.base64, 'base64').toString();
    },
  };
}

function ensure(store: SecretStore, wanted: Parameters<SecretsManager['ensure']>[0]): string {
  const existing = store.find(wanted.name);
  if (existing !== undefined) {
    if (existing.deletionAtMs !== undefined) store.save({ ...existing, deletionAtMs: undefined });
    return existing.arn;
  }
  const createdAtMs = store.nowMs();
  const secret = {
    name: wanted.name,
    arn: wanted.arn ?? store.newArn(wanted.name),
    tags: [],
    createdAtMs,
    changedAtMs: createdAtMs,
    versions: [],
  };
  const value = { kind: 'string', text: wanted.secretString } as const;
  const stages = ['AWSCURRENT'];
  store.save(withVersion(secret, { id: randomUUID(), value, stages, createdAtMs }).secret);
  return secret.arn;
}

function operationNamed(name: string): Operation {
  const operation = OPERATIONS.get(name);
  if (operation !== undefined) return operation;
  throw new SecretsError('UnknownOperationException', `Secrets Manager has no operation ${name} here.`);
}
