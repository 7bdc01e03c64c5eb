import type { Clock } from '../runtime/clock.ts';
import type { IssuedToken } from './token-answer.ts';

/** What asking for a token came to. Every `detail` is fixed words, never what the endpoint said. */
export type TokenAnswer =
  | IssuedToken
  /**
   * There is none to be had. `because`: whether the secret has to be mended, or its token endpoint. `waitSeconds`: how long it asks not
   * to be asked.
   */
  | {
      kind: 'failed';
      because: 'credential_missing' | 'credential_invalid';
      detail: string;
      waitSeconds?: number;
    }
  /** An internal fault: nobody could be asked. */
  | { kind: 'unavailable'; detail: string };

/** What a token was asked for with. */
export type TokenKey = {
  organizationId: number;
  /** Of all that the token depends on: another secret is another key. */
  client: string;
};

type Entry = {
  /** Undefined once its token was refused, until there is another. */
  answer?: TokenAnswer;
  /** Not used from this long after it was asked for. */
  keptMs: number;
  askedAtMs: number;
  /** When the token before this one was given up because a receiver refused it. */
  renewedAtMs?: number | undefined;
};

/** A token endpoint that failed is left alone for so long: whoever mends it waits no longer, and a backlog does not storm it… */
const FAILURE_MS = 5_000;
/** …or for as long as it asks, up to this. */
const LONGEST_FAILURE_MS = 300_000;
/** Receivers that refuse every token cost no more than one in so long. */
const RENEWAL_MS = 5_000;
/** A token has at most 8 KiB: together 4 MiB. */
const MAX_ENTRIES = 500;

type Parts = { clock: Pick<Clock, 'nowMs'>; maxEntries?: number };

/**
 * Access tokens of one process: one request at a time for each client of an organization, kept until shortly before the token's end,
 * the least recently used evicted.
 */
export class AccessTokens {
  readonly #parts: Parts;
  /** In the order of use: the first is the least recently used. */
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Promise<TokenAnswer>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param ask makes the request, and ends by itself
   * @param wanted `renewed`: the attempt before this one was refused, perhaps with a token of another process: only one that was
   *   fetched after such a refusal will do
   */
  async resolve(
    key: TokenKey,
    ask: () => Promise<TokenAnswer>,
    wanted: 'any' | 'renewed' = 'any',
  ): Promise<TokenAnswer> {
    const name = nameOf(key);
    const entry = this.#entries.get(name);
    const usable = entry === undefined ? undefined : this.#usable(entry, wanted);
    if (entry !== undefined && usable !== undefined) {
      this.#touch(name, entry);
      return usable;
    }
    const underWay = this.#flights.get(name);
    if (underWay !== undefined) return await underWay;
    const flight = this.#ask(name, ask, wanted).finally(() => this.#flights.delete(name));
    this.#flights.set(name, flight);
    return await flight;
  }

  /**
   * A receiver has refused this token: it is given up, unless another has taken its place, or it has just taken the place of one that
   * was refused.
   */
  refuse(key: TokenKey, accessToken: string): void {
    const name = nameOf(key);
    const entry = this.#entries.get(name);
    if (entry?.answer?.kind !== 'issued' || entry.answer.accessToken !== accessToken) return;
    if (this.#isWithin(entry.renewedAtMs, RENEWAL_MS)) return;
    const now = this.#parts.clock.nowMs();
    this.#touch(name, { keptMs: 0, askedAtMs: now, renewedAtMs: now });
  }

  async #ask(name: string, ask: () => Promise<TokenAnswer>, wanted: 'any' | 'renewed'): Promise<TokenAnswer> {
    const askedAtMs = this.#parts.clock.nowMs();
    const renewedAtMs = wanted === 'renewed' ? askedAtMs : this.#entries.get(name)?.renewedAtMs;
    const answer = await ask();
    if (answer.kind !== 'unavailable') {
      this.#touch(name, { answer, keptMs: keptMs(answer), askedAtMs, renewedAtMs });
    }
    return answer;
  }

  #usable({ answer, keptMs: most, askedAtMs, renewedAtMs }: Entry, wanted: 'any' | 'renewed'): TokenAnswer | undefined {
    if (!this.#isWithin(askedAtMs, most)) return undefined;
    if (answer?.kind === 'issued' && wanted === 'renewed' && !this.#isWithin(renewedAtMs, RENEWAL_MS)) return undefined;
    if (answer?.kind !== 'failed' || answer.waitSeconds === undefined) return answer;
    const pastSeconds = (this.#parts.clock.nowMs() - askedAtMs) / 1000;
    return { ...answer, waitSeconds: Math.max(Math.ceil(answer.waitSeconds - pastSeconds), 0) };
  }

  #touch(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > (this.#parts.maxEntries ?? MAX_ENTRIES) && oldest !== undefined) {
      this.#entries.delete(oldest);
    }
  }

  /** Wall-clock time, as for credentials. If the clock was set back, an instant may be in the future: it counts as long past. */
  #isWithin(sinceMs: number | undefined, limitMs: number): boolean {
    if (sinceMs === undefined) return false;
    const ageMs = this.#parts.clock.nowMs() - sinceMs;
    return ageMs >= 0 && ageMs < limitMs;
  }
}

function keptMs(answer: Exclude<TokenAnswer, { kind: 'unavailable' }>): number {
  if (answer.kind === 'issued') return answer.keptMs;
  return Math.min(Math.max((answer.waitSeconds ?? 0) * 1000, FAILURE_MS), LONGEST_FAILURE_MS);
}

function nameOf({ organizationId, client }: TokenKey): string {
  return `${organizationId} ${client}`;
}
