import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../json-object.ts';
import {
  invalid,
  objects,
  optionalText,
  optionalTexts,
  readName,
  readSecretId,
  requestToken,
  requiredText,
  secretValue,
} from './secret-fields.ts';
import type { SecretStore } from './secret-store.ts';
import { withVersion, type AddedVersion, type Secret, type SecretValue } from './secret.ts';
import { SecretsError } from './secrets-error.ts';

export type Operation = (store: SecretStore, input: JsonObject) => JsonObject;

/** DeleteSecret: "You can specify a value between 7 and 30 days. If you don't …, 30 days". */
const RECOVERY_DAYS = { from: 7, to: 30, default: 30 };
const DAY_MS = 86_400_000;
/** PutSecretValue, VersionStages: "Minimum number of 1 item. Maximum number of 20 items." */
const MAX_STAGES = 20;

export const writeOperations: Readonly<Record<string, Operation>> = {
  CreateSecret(store, input) {
    const name = readName(input);
    const value = secretValue(input);
    const token = requestToken(input);
    const existing = store.find(name);
    if (existing !== undefined) return createdBefore(existing, token, value);
    const secret: Secret = {
      name,
      arn: store.newArn(name),
      description: optionalText(input, 'Description'),
      kmsKeyId: optionalText(input, 'KmsKeyId'),
      tags: objects(input, 'Tags').map((tag) => ({
        key: requiredText(tag, 'Key'),
        value: optionalText(tag, 'Value') ?? '',
      })),
      createdAtMs: store.nowMs(),
      changedAtMs: store.nowMs(),
      versions: [],
    };
    if (value !== undefined) return versionAnswer(saveVersion(store, secret, { token, value, stages: ['AWSCURRENT'] }));
    store.save(secret);
    return { ARN: secret.arn, Name: name };
  },

  PutSecretValue(store, input) {
    const value = secretValue(input);
    const token = requestToken(input);
    const secret = store.getUsable(readSecretId(input));
    if (value === undefined) {
      throw new SecretsError('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
    }
    const added = saveVersion(store, secret, { token, value, stages: readStages(input) });
    return { ...versionAnswer(added), VersionStages: added.version.stages };
  },

  UpdateSecret(store, input) {
    const value = secretValue(input);
    const token = requestToken(input);
    const secret = store.getUsable(readSecretId(input));
    const described: Secret = {
      ...secret,
      description: optionalText(input, 'Description') ?? secret.description,
      kmsKeyId: optionalText(input, 'KmsKeyId') ?? secret.kmsKeyId,
      changedAtMs: store.nowMs(),
    };
    if (value !== undefined) {
      return versionAnswer(saveVersion(store, described, { token, value, stages: ['AWSCURRENT'] }));
    }
    store.save(described);
    return { ARN: secret.arn, Name: secret.name };
  },

  DeleteSecret(store, input) {
    const secretId = readSecretId(input);
    if (input['ForceDeleteWithoutRecovery'] === true) return deleteForGood(store, secretId, input);
    const days = readRecoveryDays(input);
    const secret = store.get(secretId);
    if (secret.deletionAtMs !== undefined) {
      throw new SecretsError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was already scheduled for deletion.",
      );
    }
    const deletionAtMs = store.nowMs() + days * DAY_MS;
    store.save({ ...secret, deletionAtMs });
    return { ARN: secret.arn, Name: secret.name, DeletionDate: deletionAtMs / 1000 };
  },

  RestoreSecret(store, input) {
    const secret = store.get(readSecretId(input));
    store.save({ ...secret, deletionAtMs: undefined });
    return { ARN: secret.arn, Name: secret.name };
  },
};

function saveVersion(
  store: SecretStore,
  secret: Secret,
  added: { token: string | undefined; value: SecretValue; stages: readonly string[] },
): AddedVersion {
  const { token, value, stages } = added;
  const result = withVersion(secret, { id: token ?? randomUUID(), value, stages, createdAtMs: store.nowMs() });
  store.save(result.secret);
  return result;
}

/** The same request again answers as the first did; anything else finds the name taken. */
function createdBefore(existing: Secret, token: string | undefined, value: SecretValue | undefined): JsonObject {
  if (existing.deletionAtMs !== undefined) {
    throw new SecretsError(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  if (value !== undefined && existing.versions.some((version) => version.id === token)) {
    return versionAnswer(withVersion(existing, { id: token ?? '', value, stages: [], createdAtMs: 0 }));
  }
  throw new SecretsError(
    'ResourceExistsException',
    `The operation failed because the secret ${existing.name} already exists.`,
  );
}

function deleteForGood(store: SecretStore, secretId: string, input: JsonObject): JsonObject {
  if (input['RecoveryWindowInDays'] !== undefined) {
    throw new SecretsError(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  const secret = store.find(secretId);
  if (secret !== undefined) store.remove(secret);
  // "If you use this parameter with a previously deleted or nonexistent secret", it is no error.
  const { arn, name } = secret ?? { arn: store.newArn(secretId), name: secretId };
  return { ARN: arn, Name: name, DeletionDate: store.nowMs() / 1000 };
}

function readRecoveryDays(input: JsonObject): number {
  const days = input['RecoveryWindowInDays'] ?? RECOVERY_DAYS.default;
  if (typeof days === 'number' && days >= RECOVERY_DAYS.from && days <= RECOVERY_DAYS.to) return days;
  throw new SecretsError(
    'InvalidParameterException',
    'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
  );
}

function readStages(input: JsonObject): string[] {
  const stages = optionalTexts(input, 'VersionStages') ?? ['AWSCURRENT'];
  if (stages.length >= 1 && stages.length <= MAX_STAGES) return [...new Set(stages)];
  throw invalid('VersionStages', `Member must have length between 1 and ${MAX_STAGES}`);
}

function versionAnswer({ secret, version }: AddedVersion): JsonObject {
  return { ARN: secret.arn, Name: secret.name, VersionId: version.id };
}
