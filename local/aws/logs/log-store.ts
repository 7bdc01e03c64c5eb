/** One event of a log group, as FilterLogEvents answers it. */
export type LogEvent = {
  /** In the order of arrival. */
  number: number;
  group: string;
  stream: string;
  /** Epoch milliseconds. */
  atMs: number;
  message: string;
};

/** The newest events; older ones are in `functions.log`. */
type LogLimits = { events: number; bytes: number };
const LIMITS: LogLimits = { events: 100_000, bytes: 32 * 1024 * 1024 };
/** Taking the oldest ones away moves all others, so it is done for many at once. */
const SPARE_SHARE = 0.1;

export class LogStore {
  readonly #limits: LogLimits;
  #events: LogEvent[] = [];
  #bytes = 0;
  #next = 1;

  constructor(limits: LogLimits = LIMITS) {
    this.#limits = limits;
  }

  add(event: Omit<LogEvent, 'number'>): void {
    this.#events.push({ ...event, number: this.#next++ });
    this.#bytes += sizeOf(event);
    if (this.#events.length > this.#limits.events || this.#bytes > this.#limits.bytes) this.#forgetOldest();
  }

  /** The events after the one of this number, oldest first. */
  after(number: number): LogEvent[] {
    const first = this.#events[0]?.number ?? 0;
    return this.#events.slice(Math.max(0, number + 1 - first));
  }

  #forgetOldest(): void {
    let count = 0;
    const wanted = { events: this.#limits.events * (1 - SPARE_SHARE), bytes: this.#limits.bytes * (1 - SPARE_SHARE) };
    while (this.#events.length - count > wanted.events || this.#bytes > wanted.bytes) {
      const oldest = this.#events[count];
      if (oldest === undefined) break;
      this.#bytes -= sizeOf(oldest);
      count += 1;
    }
    this.#events = this.#events.slice(count);
  }
}

function sizeOf({ message }: Pick<LogEvent, 'message'>): number {
  return message.length;
}
