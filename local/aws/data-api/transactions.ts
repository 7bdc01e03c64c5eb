import { randomBytes } from 'node:crypto';
import type { Timers } from '../../timers.ts';
import { TRANSACTION_IDLE_MS, TRANSACTION_TOTAL_MS } from './call-limits.ts';
import { DataApiFault } from './fault.ts';
import type { Session } from './sessions.ts';

type Open = { session: Session; busy: boolean; stopIdle: () => void; stopTotal: () => void };

/** "The cause for this issue is appended to the error message, and is one of the following." */
const CAUSES = {
  expired: 'Transaction may be expired.',
  ended: 'One previous call resulted in a termination of your transaction.',
  aborted: 'Transaction has been aborted due to an error from a previous call.',
} as const;

type Cause = keyof typeof CAUSES;

/** The causes of this many ended transactions are remembered; older ones count as expired. */
const REMEMBERED = 1000;

/** Open transactions by id. Each has its own connection, which is closed with it, so that nothing of its session remains. */
export class Transactions {
  readonly #timers: Timers;
  readonly #open = new Map<string, Open>();
  readonly #ended = new Map<string, Cause>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** @param session on which BEGIN has run. */
  add(session: Session): string {
    const id = randomBytes(96).toString('base64');
    this.#open.set(id, {
      session,
      busy: false,
      stopIdle: this.#timers.after(TRANSACTION_IDLE_MS, () => this.end(id, 'expired')),
      stopTotal: this.#timers.after(TRANSACTION_TOTAL_MS, () => this.end(id, 'expired')),
    });
    return id;
  }

  /** Takes the transaction for one call; `giveBack` or `end` must follow. */
  take(id: string, database: string | undefined): Session {
    const open = this.#open.get(id);
    if (open === undefined) {
      const cause = CAUSES[this.#ended.get(id) ?? 'expired'];
      throw new DataApiFault('TransactionNotFoundException', `Transaction ${id} is not found. ${cause}`);
    }
    // "When the Data API receives multiple requests with the same transaction ID, it immediately returns this error."
    if (open.busy) throw new DataApiFault('DatabaseErrorException', 'Transaction is still running a query');
    if (database !== undefined && database !== open.session.database.name) {
      throw new DataApiFault('ValidationException', 'Database name is not the same as transaction');
    }
    open.busy = true;
    open.stopIdle();
    return open.session;
  }

  giveBack(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.busy = false;
    open.stopIdle = this.#timers.after(TRANSACTION_IDLE_MS, () => this.end(id, 'expired'));
  }

  /** Closes the connection; PostgreSQL rolls back what was not committed. */
  end(id: string, cause: Cause): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    open.stopIdle();
    open.stopTotal();
    this.#ended.set(id, cause);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
    open.session.client.release(true);
  }

  close(): void {
    for (const id of this.#open.keys()) this.end(id, 'aborted');
  }
}
