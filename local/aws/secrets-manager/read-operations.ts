import type { JsonObject } from '../../json-object.ts';
import { checkedSecretId, optionalInteger, optionalText, optionalTexts, readSecretId } from './secret-fields.ts';
import { filtered } from './secret-filters.ts';
import type { SecretStore } from './secret-store.ts';
import type { Secret, SecretVersion } from './secret.ts';
import { SecretsError } from './secrets-error.ts';
import type { Operation } from './write-operations.ts';

/** BatchGetSecretValue, SecretIdList and MaxResults: 1 to 20. */
const MAX_BATCH = 20;
/** ListSecrets, MaxResults: 1 to 100. */
const MAX_LISTED = 100;

export const readOperations: Readonly<Record<string, Operation>> = {
  GetSecretValue(store, input) {
    const secret = store.getUsable(readSecretId(input));
    const version = findVersion(secret, optionalText(input, 'VersionId'), optionalText(input, 'VersionStage'));
    return valueAnswer(secret, version);
  },

  BatchGetSecretValue(store, input) {
    const ids = optionalTexts(input, 'SecretIdList');
    if ((ids === undefined) === (input['Filters'] === undefined)) {
      throw new SecretsError(
        'InvalidParameterException',
        "Either 'SecretIdList' or 'Filters' must be provided, but not both.",
      );
    }
    if (ids !== undefined) return valuesOf(store, checkedIds(ids));
    const usable = store.all().filter((secret) => secret.deletionAtMs === undefined);
    const { page, NextToken } = pageOf(filtered(usable, input), input, MAX_BATCH);
    return {
      ...valuesOf(
        store,
        page.map((secret) => secret.arn),
      ),
      NextToken,
    };
  },

  DescribeSecret(store, input) {
    const secret = store.get(readSecretId(input));
    const described = description(secret, 'VersionIdsToStages');
    // ListSecrets answers an empty list instead.
    return secret.tags.length > 0 ? described : { ...described, Tags: undefined };
  },

  ListSecrets(store, input) {
    const listed = store
      .all()
      .filter((secret) => secret.deletionAtMs === undefined || input['IncludePlannedDeletion'] === true);
    const inOrder = optionalText(input, 'SortOrder') === 'asc' ? listed : listed.toReversed();
    const { page, NextToken } = pageOf(filtered(inOrder, input), input, MAX_LISTED);
    return {
      SecretList: page.map((secret) => description(secret, 'SecretVersionsToStages')),
      NextToken,
    };
  },
};

/** The version asked for; AWSCURRENT if the request names none. Throws as Secrets Manager does. */
export function findVersion(secret: Secret, id?: string, stage?: string): SecretVersion {
  if (id === undefined) {
    const wanted = stage ?? 'AWSCURRENT';
    const staged = secret.versions.find((version) => version.stages.includes(wanted));
    if (staged === undefined) throw noSuchValue(`staging label: ${wanted}`);
    return staged;
  }
  const identified = secret.versions.find((version) => version.id === id);
  if (identified === undefined) throw noSuchValue(`VersionId: ${id}`);
  if (stage === undefined || identified.stages.includes(stage)) return identified;
  throw new SecretsError(
    'InvalidRequestException',
    'You provided a VersionStage that is not associated to the provided VersionId.',
  );
}

function noSuchValue(what: string): SecretsError {
  return new SecretsError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret value for ${what}`,
  );
}

function checkedIds(ids: readonly string[]): readonly string[] {
  if (ids.length >= 1 && ids.length <= MAX_BATCH) return ids;
  throw new SecretsError('InvalidParameterException', `SecretIdList must hold 1 to ${MAX_BATCH} secrets.`);
}

/** A secret that cannot be read becomes an entry in `Errors` and does not affect the others. */
function valuesOf(store: SecretStore, ids: readonly string[]): JsonObject {
  const values: JsonObject[] = [];
  const errors: JsonObject[] = [];
  for (const id of ids) {
    try {
      const secret = store.getUsable(checkedSecretId(id));
      values.push(valueAnswer(secret, findVersion(secret)));
    } catch (error) {
      if (!(error instanceof SecretsError)) throw error;
      errors.push({ SecretId: id, ErrorCode: error.type, Message: error.message });
    }
  }
  return { SecretValues: values, Errors: errors };
}

function valueAnswer(secret: Secret, version: SecretVersion): JsonObject {
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    ...(version.value.kind === 'string'
      ? { SecretString: version.value.text }
      : { SecretBinary: version.value.base64 }),
    VersionStages: version.stages,
    CreatedDate: version.createdAtMs / 1000,
  };
}

/** The same in both operations except for the name of the stages. */
function description(secret: Secret, stagesField: 'VersionIdsToStages' | 'SecretVersionsToStages'): JsonObject {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: secret.createdAtMs / 1000,
    LastChangedDate: secret.changedAtMs / 1000,
    DeletedDate: secret.deletionAtMs === undefined ? undefined : secret.deletionAtMs / 1000,
    Tags: secret.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    [stagesField]: stagesByVersion(secret),
  };
}

/** Deprecated versions are not shown. */
function stagesByVersion(secret: Secret): JsonObject {
  const staged = secret.versions.filter((version) => version.stages.length > 0);
  return Object.fromEntries(staged.map((version) => [version.id, version.stages]));
}

function pageOf(
  secrets: readonly Secret[],
  input: JsonObject,
  maximum: number,
): { page: readonly Secret[]; NextToken: string | undefined } {
  const limit = optionalInteger(input, 'MaxResults', { from: 1, to: maximum }) ?? maximum;
  const token = optionalText(input, 'NextToken') ?? '0';
  if (!/^\d+$/.test(token)) throw new SecretsError('InvalidNextTokenException', 'Invalid NextToken.');
  const start = Number(token);
  const end = start + limit;
  return { page: secrets.slice(start, end), NextToken: end < secrets.length ? String(end) : undefined };
}
