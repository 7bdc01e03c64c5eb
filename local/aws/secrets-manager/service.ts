import { randomUUID } from 'node:crypto';
import type { AwsResponse, AwsService } from '../aws-service.ts';
import { findVersion, readOperations } from './read-operations.ts';
import { isFields, type Fields } from './request-fields.ts';
import { SecretStore, type StorePlace } from './secret-store.ts';
import { withVersion } from './secret.ts';
import { SecretsError } from './secrets-error.ts';
import { writeOperations, type Operation } from './write-operations.ts';

export type SecretsManager = {
  /** The API as its SDKs and the AWS CLI speak it: AWS JSON 1.1, the operation in `X-Amz-Target`. */
  service: AwsService;
  /**
   * A secret that the template makes: creates it, with the ARN the template gives it, and answers its ARN. One that is
   * there keeps its value and its ARN, as over a second deployment, and comes back if it was marked for deletion.
   */
  ensure(secret: { name: string; secretString: string; arn?: string | undefined }): string;
  /** The current value, for use inside this process; undefined where GetSecretValue would find nothing. */
  peek(arnOrName: string): string | undefined;
  /** Of a secret by name, whole or partial ARN, one marked for deletion too; undefined where there is none. */
  arnOf(secretId: string): string | undefined;
};

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(Object.entries({ ...readOperations, ...writeOperations }));
const TARGET_PREFIX = 'secretsmanager.';

/** Secrets in the one file of mode 0600 that `place` names. Throws SecretsFileError for a damaged one. */
export function openSecretsManager(place: StorePlace): SecretsManager {
  const store = new SecretStore(place);
  return {
    service: async (request) => {
      try {
        const operation = operationOf(request.headers['x-amz-target']);
        return answer(200, operation(store, inputOf(request.body)));
      } catch (error) {
        if (error instanceof SecretsError) return refusal(error);
        throw error;
      }
    },
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

function operationOf(target: string | undefined): Operation {
  const name = target?.startsWith(TARGET_PREFIX) === true ? target.slice(TARGET_PREFIX.length) : '';
  const operation = OPERATIONS.get(name);
  if (operation !== undefined) return operation;
  throw new SecretsError('UnknownOperationException', `Secrets Manager has no operation ${name} here.`);
}

function inputOf(body: Buffer): Fields {
  let input: unknown;
  try {
    input = body.length === 0 ? {} : JSON.parse(body.toString());
  } catch {
    // Without the parser's message: it quotes the body, which holds the secret.
    throw new SecretsError('ValidationException', 'The request body is not JSON.');
  }
  if (!isFields(input)) throw new SecretsError('ValidationException', 'The request body must be a JSON object.');
  return input;
}

function refusal(error: SecretsError): AwsResponse {
  return answer(400, { __type: error.type, Message: error.message });
}

function answer(status: number, fields: Fields): AwsResponse {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
  return { status, headers, body: JSON.stringify(fields) };
}
