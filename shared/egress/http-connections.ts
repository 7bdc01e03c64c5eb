import type { Clock } from '../runtime/clock.ts';
import { QUEUE_BATCH_ENTRIES } from '../runtime/limits.ts';
import { ReceiverConnection } from './receiver-connection.ts';

/** A whole batch for one endpoint goes out at once: with fewer, deliveries would spend their time waiting for each other. */
export const MAX_CONNECTIONS_PER_ORIGIN = QUEUE_BATCH_ENTRIES;
/** Room for several batches in one process, far below Lambda's 1,024 file descriptors: each takes up to four while it dials. */
export const MAX_CONNECTIONS = 10 * QUEUE_BATCH_ENTRIES;
/** However many names and receivers of one organization never answer, room remains for the other organizations. */
export const MAX_CONNECTIONS_PER_ORGANIZATION = MAX_CONNECTIONS / 2;
/** As often idle connections are looked at: none is kept for longer than 4 s. */
const LOOK_MS = 1000;

type Waiter = { key: string; give: (connection: ReceiverConnection | undefined) => void };

/** The connections of one process: reused within an organization and origin only, bounded for each and in total. */
export class ConnectionPool {
  readonly #clock: Clock;
  readonly #busy = new Set<ReceiverConnection>();
  /** The one that rested last is the last. */
  readonly #idle = new Set<ReceiverConnection>();
  readonly #ending = new Set<Promise<void>>();
  #waiting: Waiter[] = [];
  #cancelLook: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * One that has rested, or a new one that is to be opened. Waits its turn when all places are taken; undefined when the signal
   * aborted first.
   * @param key the organization, a blank, and what else a connection has to have in common with the request
   */
  acquire(key: string, signal: AbortSignal): Promise<ReceiverConnection | undefined> {
    const { promise, resolve } = Promise.withResolvers<ReceiverConnection | undefined>();
    if (signal.aborted) return Promise.resolve(undefined);
    const waiter = { key, give: resolve };
    signal.addEventListener(
      'abort',
      () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        resolve(undefined);
      },
      { once: true },
    );
    this.#waiting.push(waiter);
    this.#serve();
    return promise;
  }

  /** Gives a connection back for the next request. */
  release(connection: ReceiverConnection): void {
    this.#busy.delete(connection);
    this.#idle.add(connection);
    this.#cancelLook ??= this.#clock.after(LOOK_MS, () => this.#look());
    this.#serve();
  }

  /** Closes a connection that must not be used again. */
  discard(connection: ReceiverConnection): void {
    this.#end(connection);
    this.#serve();
  }

  /** Settles when every socket that was to be closed is closed. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending);
  }

  /** Closes every connection; settles when all are closed. */
  async destroy(): Promise<void> {
    this.#cancelLook?.();
    for (const connection of [...this.#busy, ...this.#idle]) this.#end(connection);
    await this.settled();
  }

  /** Closes what has been idle for too long, for as long as there is any. */
  #look(): void {
    this.#cancelLook = undefined;
    this.#endStale();
    if (this.#idle.size > 0) this.#cancelLook = this.#clock.after(LOOK_MS, () => this.#look());
  }

  #endStale(): void {
    for (const connection of this.#idle) if (!connection.isFresh) this.#end(connection);
  }

  #end(connection: ReceiverConnection): void {
    this.#busy.delete(connection);
    this.#idle.delete(connection);
    const ended = connection.close().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  #serve(): void {
    this.#endStale();
    this.#waiting = this.#waiting.filter(({ key, give }) => {
      const idle = this.#idleFor(key);
      const connection = idle ?? (this.#hasRoom(key) ? new ReceiverConnection(key, this.#clock) : undefined);
      if (connection === undefined) return true;
      this.#idle.delete(connection);
      this.#busy.add(connection);
      give(connection);
      return false;
    });
  }

  /** The youngest one, so that those that are not needed grow old. */
  #idleFor(key: string): ReceiverConnection | undefined {
    return [...this.#idle].findLast((connection) => connection.key === key);
  }

  #hasRoom(key: string): boolean {
    const sameKey = [...this.#busy].filter((connection) => connection.key === key).length;
    if (sameKey >= MAX_CONNECTIONS_PER_ORIGIN) return false;
    const organization = key.slice(0, key.indexOf(' ') + 1);
    const sameOrganization = [...this.#busy].filter((connection) => connection.key.startsWith(organization)).length;
    if (sameOrganization >= MAX_CONNECTIONS_PER_ORGANIZATION) return false;
    if (this.#busy.size + this.#idle.size < MAX_CONNECTIONS) return true;
    const [leastRecent] = this.#idle;
    if (leastRecent === undefined) return false;
    this.#end(leastRecent);
    return true;
  }
}
