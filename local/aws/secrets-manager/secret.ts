import { SecretsError } from './secrets-error.ts';

export type SecretValue = { kind: 'string'; text: string } | { kind: 'binary'; base64: string };

export type SecretVersion = {
  id: string;
  value: SecretValue;
  /** `AWSCURRENT`, `AWSPREVIOUS`, `AWSPENDING` or the caller's own. Without any, a version is deprecated. */
  stages: readonly string[];
  createdAtMs: number;
};

export type Secret = {
  name: string;
  arn: string;
  description?: string | undefined;
  kmsKeyId?: string | undefined;
  tags: readonly { key: string; value: string }[];
  createdAtMs: number;
  changedAtMs: number;
  /** Set while the secret is marked for deletion: from this time on it is gone. */
  deletionAtMs?: number | undefined;
  /** Oldest first. */
  versions: readonly SecretVersion[];
};

/** "Secrets Manager … deletes … deprecated … versions when there are more than 100" (quotas, versions of a secret). */
const MAX_VERSIONS = 100;

/** The outcome for a version whose id the caller chose: created, or already there with the same value. */
export type AddedVersion = { secret: Secret; version: SecretVersion };

/**
 * The secret with a new version that takes over `stages`; the version that loses AWSCURRENT becomes AWSPREVIOUS. The
 * same id with the same value again changes nothing; with another value it throws ResourceExistsException.
 */
export function withVersion(secret: Secret, added: SecretVersion): AddedVersion {
  const existing = secret.versions.find((version) => version.id === added.id);
  if (existing !== undefined) {
    if (isSame(existing.value, added.value)) return { secret, version: existing };
    throw new SecretsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${added.id} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  // The first version of a secret is always current, whatever the request says.
  const stages = secret.versions.length === 0 ? [...new Set([...added.stages, 'AWSCURRENT'])] : added.stages;
  const version = { ...added, stages };
  const versions = [...secret.versions.map((other) => handOver(other, stages)), version];
  return { secret: { ...secret, changedAtMs: added.createdAtMs, versions: withoutOldest(versions) }, version };
}

function handOver(version: SecretVersion, taken: readonly string[]): SecretVersion {
  const losesCurrent = taken.includes('AWSCURRENT');
  const wasCurrent = losesCurrent && version.stages.includes('AWSCURRENT');
  const kept = version.stages.filter((stage) => {
    return !taken.includes(stage) && !(losesCurrent && stage === 'AWSPREVIOUS');
  });
  return { ...version, stages: wasCurrent ? [...kept, 'AWSPREVIOUS'] : kept };
}

function withoutOldest(versions: readonly SecretVersion[]): SecretVersion[] {
  let surplus = versions.length - MAX_VERSIONS;
  return versions.filter((version) => version.stages.length > 0 || surplus-- <= 0);
}

function isSame(a: SecretValue, b: SecretValue): boolean {
  if (a.kind === 'string') return b.kind === 'string' && a.text === b.text;
  return b.kind === 'binary' && Buffer.from(a.base64, 'base64').equals(Buffer.from(b.base64, 'base64'));
}
