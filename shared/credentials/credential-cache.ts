import type { Clock } from '../runtime/clock.ts';
import {
  credentialName,
  parseCredential,
  type Credential,
  type CredentialReread,
  type CredentialSource,
  type SecretRead,
} from './credentials.ts';
import { CREDENTIAL_SECONDS } from '../runtime/limits.ts';

/** The possible answers to a request for a credential. Every `detail` is fixed words and the secret's name, never a value. */
export type CredentialAnswer =
  /** `name`: of its secret, for the words of what goes wrong with it later. */
  | { kind: 'resolved'; credential: Credential; name: string }
  /** Unknown or deleted: the attempt fails, so that the delivery succeeds later if the credential is created. */
  | { kind: 'missing'; detail: string }
  /** Malformed: the same, until it is mended. */
  | { kind: 'invalid'; detail: string }
  /** Secrets Manager did not answer: the attempt is given back. */
  | { kind: 'unavailable'; detail: string };

/** A rotated credential is used for at most this long after its rotation; within it, a burst costs one call. */
const FRESH_MS = 10_000;
/** A missing or malformed credential is read again sooner, so that creating or correcting it takes effect soon. */
const FRESH_MISSING_MS = 5_000;
/** After a failure the service is left alone for as long as a throttled client would wait; a batch asks only once. */
const FRESH_UNAVAILABLE_MS = 2_000;
/**
 * The last good value stands in for an unavailable service for this long: longer than a usual disturbance, shorter than
 * anyone expects a withdrawn credential to be in use.
 */
const LAST_GOOD_MS = 15 * 60_000;
/** Secrets are at most 64 KiB, usually 200 bytes: far below a function's memory, far above one invocation's needs. */
const MAX_ENTRIES = 1_000;

const OVERDUE = 'overdue';
const ABANDONED = 'abandoned';
const NO_ANSWER = `Secrets Manager did not answer within ${CREDENTIAL_SECONDS} s`;

type Entry = {
  answer: CredentialAnswer;
  readAtMs: number;
  /** Reads are numbered, so that one that began earlier does not overwrite the answer of a later one. */
  read: number;
  lastGood?: { answer: CredentialAnswer & { kind: 'resolved' }; readAtMs: number };
};

type Flight = { answer: Promise<CredentialAnswer>; controller: AbortController; waiting: number };

type Parts = {
  source: CredentialSource;
  /** Age is wall-clock time: a monotonic clock may stand still while the function is frozen between invocations. */
  clock: Pick<Clock, 'nowMs' | 'after'>;
  /** Of the secrets' names, e.g. `webhook-credentials`. */
  prefix: string;
  /** Of the id headers, e.g. `X-Dograh`: no credential may replace them. */
  headerPrefix: string;
  maxEntries?: number;
};

/** Credentials by organization and UUID: one read at a time for each, cached briefly, the least recently used evicted. */
export class CredentialCache {
  readonly #parts: Parts;
  /** In the order of use: the first is the least recently used. */
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Flight>();
  #reads = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The credential of a delivery, from the cache or from the service within 5 s. `signal` ends only this caller's wait;
   * a read that nobody waits for any more is ended, too.
   */
  async resolve(organizationId: number, uuid: string, signal?: AbortSignal): Promise<CredentialAnswer> {
    const name = credentialName(this.#parts.prefix, organizationId, uuid);
    if (name === undefined) return { kind: 'invalid', detail: 'the credential reference is not a UUID' };
    const entry = this.#entries.get(name);
    if (entry !== undefined && this.#isFresh(entry)) {
      this.#touch(name, entry);
      return this.#orLastGood(entry);
    }
    let flight = this.#flights.get(name);
    if (flight === undefined) {
      flight = this.#startRead(name);
      this.#flights.set(name, flight);
      const started = flight;
      void started.answer.then(() => this.#land(name, started));
    }
    return this.#await(name, flight, signal);
  }

  /**
   * Looks past the cache after a 401 or 403: has the credential changed since the one with this fingerprint was read?
   * A deleted or malformed one has. Such a read is never shared: one already under way may have begun before the change.
   */
  async resolvePast(organizationId: number, uuid: string, seen: string): Promise<CredentialReread> {
    const name = credentialName(this.#parts.prefix, organizationId, uuid);
    if (name === undefined) return { kind: 'unchanged' };
    const answer = await this.#startRead(name).answer;
    if (answer.kind === 'unavailable') return answer;
    const isSame = answer.kind === 'resolved' && answer.credential.fingerprint === seen;
    return { kind: isSame ? 'unchanged' : 'changed' };
  }

  #startRead(name: string): Flight {
    const controller = new AbortController();
    this.#reads += 1;
    const read = this.#reads;
    const answer = this.#read(name, controller).then((found) => {
      // It ended because nobody waited, which says nothing about the service.
      if (!(controller.signal.aborted && controller.signal.reason === ABANDONED)) this.#store(name, found, read);
      return found;
    });
    return { answer, controller, waiting: 0 };
  }

  async #read(name: string, controller: AbortController): Promise<CredentialAnswer> {
    const { source, clock, headerPrefix } = this.#parts;
    const stopTimer = clock.after(CREDENTIAL_SECONDS * 1000, () => controller.abort(OVERDUE));
    // The source may ignore its signal; the limit applies anyway.
    const aborted = new Promise<SecretRead>((resolve) => {
      controller.signal.addEventListener('abort', () => resolve({ kind: 'unavailable', detail: NO_ANSWER }), {
        once: true,
      });
    });
    try {
      const secret = await Promise.race([source.fetch(name, controller.signal), aborted]);
      if (secret.kind === 'missing') return { kind: 'missing', detail: `there is no secret ${name}` };
      if (secret.kind === 'unavailable') return secret;
      const parsed = parseCredential(secret.secretString, { headerPrefix });
      return parsed.ok
        ? { kind: 'resolved', credential: parsed.credential, name }
        : { kind: 'invalid', detail: `the secret ${name} ${parsed.detail}` };
    } catch {
      return { kind: 'unavailable', detail: 'reading the credential failed unexpectedly' };
    } finally {
      stopTimer();
    }
  }

  async #await(name: string, flight: Flight, signal: AbortSignal | undefined): Promise<CredentialAnswer> {
    flight.waiting += 1;
    const cutShort: CredentialAnswer = { kind: 'unavailable', detail: 'waiting for the credential was cut short' };
    let stopListening = () => {};
    const stopped = new Promise<CredentialAnswer>((resolve) => {
      const stop = () => resolve(cutShort);
      if (signal?.aborted === true) stop();
      signal?.addEventListener('abort', stop, { once: true });
      stopListening = () => signal?.removeEventListener('abort', stop);
    });
    const answer = await Promise.race([flight.answer, stopped]);
    stopListening();
    flight.waiting -= 1;
    if (answer !== cutShort) {
      const entry = this.#entries.get(name);
      return answer.kind === 'unavailable' && entry !== undefined ? this.#orLastGood(entry) : answer;
    }
    if (flight.waiting === 0) {
      this.#land(name, flight);
      flight.controller.abort(ABANDONED);
    }
    return answer;
  }

  #store(name: string, answer: CredentialAnswer, read: number): void {
    const before = this.#entries.get(name);
    if (before !== undefined && before.read > read) return;
    const readAtMs = this.#parts.clock.nowMs();
    const entry: Entry = { answer, readAtMs, read };
    if (answer.kind === 'resolved') entry.lastGood = { answer, readAtMs };
    // A service that answers "missing", or returns a malformed secret, is up: the last good value is no longer valid.
    if (answer.kind === 'unavailable' && before?.lastGood !== undefined) entry.lastGood = before.lastGood;
    this.#touch(name, entry);
    const oldest =
      this.#entries.size > (this.#parts.maxEntries ?? MAX_ENTRIES) ? this.#entries.keys().next() : undefined;
    if (oldest?.done === false) this.#entries.delete(oldest.value);
  }

  #land(name: string, flight: Flight): void {
    if (this.#flights.get(name) === flight) this.#flights.delete(name);
  }

  #touch(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#entries.set(name, entry);
  }

  #isFresh({ answer, readAtMs }: Entry): boolean {
    if (answer.kind === 'resolved') return this.#isWithin(readAtMs, FRESH_MS);
    return this.#isWithin(readAtMs, answer.kind === 'unavailable' ? FRESH_UNAVAILABLE_MS : FRESH_MISSING_MS);
  }

  #orLastGood({ answer, lastGood }: Entry): CredentialAnswer {
    if (answer.kind !== 'unavailable' || lastGood === undefined) return answer;
    if (!this.#isWithin(lastGood.readAtMs, LAST_GOOD_MS)) return answer;
    return lastGood.answer;
  }

  /** If the clock was set back, an instant may be in the future. That counts as too old, not as fresh for ever. */
  #isWithin(sinceMs: number, limitMs: number): boolean {
    const ageMs = this.#parts.clock.nowMs() - sinceMs;
    return ageMs >= 0 && ageMs < limitMs;
  }
}
