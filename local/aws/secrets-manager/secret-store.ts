import { randomInt } from 'node:crypto';
import type { Timers } from '../../timers.ts';
import type { Secret } from './secret.ts';
import { notFound, SecretsError } from './secrets-error.ts';
import { readSecretsFile, writeSecretsFile } from './secrets-file.ts';

const SUFFIX_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** The hyphen and six characters that Secrets Manager puts behind the name in an ARN. */
const SUFFIX_LENGTH = 7;
const LOOKS_WHOLE = /-[A-Za-z0-9]{6}$/;

export type StorePlace = { file: string; accountId: string; region: string; timers: Timers };

/** The secrets of one account and region. Memory and file always agree: a failed write changes neither. */
export class SecretStore {
  readonly #place: StorePlace;
  #secrets: ReadonlyMap<string, Secret>;

  /** Throws SecretsFileError for a damaged file. */
  constructor(place: StorePlace) {
    this.#place = place;
    this.#secrets = new Map(readSecretsFile(place.file).map((secret) => [secret.name, secret]));
  }

  nowMs(): number {
    return this.#place.timers.nowMs();
  }

  /**
   * By name, whole ARN, or ARN without its last hyphen and six characters; also one marked for deletion. A partial ARN that
   * itself ends like that is taken for a whole one, as in AWS: a secret `db-secret` is not found by it.
   */
  find(secretId: string): Secret | undefined {
    const named = this.#alive(this.#secrets.get(secretId));
    if (named !== undefined || !secretId.startsWith('arn:')) return named;
    const all = this.all();
    const whole = all.find((secret) => secret.arn === secretId);
    if (whole !== undefined || LOOKS_WHOLE.test(secretId)) return whole;
    return all.find((secret) => secret.arn.slice(0, -SUFFIX_LENGTH) === secretId);
  }

  /** Throws ResourceNotFoundException. */
  get(secretId: string): Secret {
    const secret = this.find(secretId);
    if (secret === undefined) throw notFound();
    return secret;
  }

  /** Throws ResourceNotFoundException, and InvalidRequestException for one marked for deletion. */
  getUsable(secretId: string): Secret {
    const secret = this.get(secretId);
    if (secret.deletionAtMs === undefined) return secret;
    throw new SecretsError(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }

  /** Those marked for deletion too, oldest first. */
  all(): Secret[] {
    return [...this.#secrets.values()].filter((secret) => this.#alive(secret) !== undefined);
  }

  save(secret: Secret): void {
    this.#replace([...this.all().filter((other) => other.name !== secret.name), secret]);
  }

  remove(secret: Secret): void {
    this.#replace(this.all().filter((other) => other.name !== secret.name));
  }

  /** A secret made again under its old name has another ARN, as with AWS. */
  newArn(name: string): string {
    const suffix = Array.from(
      { length: SUFFIX_LENGTH - 1 },
      () => SUFFIX_CHARACTERS[randomInt(SUFFIX_CHARACTERS.length)],
    );
    return `arn:aws:secretsmanager:${this.#place.region}:${this.#place.accountId}:secret:${name}-${suffix.join('')}`;
  }

  #replace(secrets: readonly Secret[]): void {
    const inOrder = secrets.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
    writeSecretsFile(this.#place.file, inOrder);
    this.#secrets = new Map(inOrder.map((secret) => [secret.name, secret]));
  }

  #alive(secret: Secret | undefined): Secret | undefined {
    const isGone = secret?.deletionAtMs !== undefined && secret.deletionAtMs <= this.nowMs();
    return isGone ? undefined : secret;
  }
}
