import type { Clock } from '../runtime/clock.ts';
import type { OfferedSession } from './http-connect.ts';

/** A resumed handshake does not show a certificate again, so none is resumed for longer. */
const MAX_AGE_MS = 600_000;
/** Receivers of several batches. */
const MAX_SESSIONS = 200;
/** A session with a certificate and its ticket has 2 to 4 KiB. What is larger is not worth keeping, and a receiver could make it so. */
const MAX_SESSION_BYTES = 16 * 1024;

type Kept = { session: Buffer; verifiedAtMs: number };

/**
 * TLS sessions that can be resumed, each for one organization and origin: a handshake that is resumed takes a fraction of the
 * processor time. The name in the certificate was checked when the session began, and the key holds it.
 */
export class TlsSessions {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For one handshake. */
  offer(key: string): OfferedSession {
    const known = this.#kept.get(key);
    const now = this.#clock.monotonicMs();
    const offered = known !== undefined && now - known.verifiedAtMs < MAX_AGE_MS ? known : undefined;
    // What comes of a resumed session is as old as the certificate that was seen.
    const verifiedAtMs = offered?.verifiedAtMs ?? now;
    return {
      offered: offered?.session,
      remember: (session) => this.#keep(key, { session, verifiedAtMs }),
      forget: () => void this.#kept.delete(key),
    };
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    if (kept.session.length > MAX_SESSION_BYTES) return;
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_SESSIONS && oldest !== undefined) this.#kept.delete(oldest);
  }
}
