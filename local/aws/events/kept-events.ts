import type { JsonObject } from '../../json-object.ts';
import type { BusEvent } from './put-events.ts';

/** An event as the page of events shows it. */
export type KeptEvent = { time: string; source: string; detail_type: string; detail: JsonObject };

/** As many as the page of events shows. */
const MAX_EVENTS = 1_000;
/** An event may have a megabyte: of such, fewer are kept. */
const MAX_BYTES = 32 * 1024 * 1024;

/** The last events, in memory: nobody reads them after a restart. */
export class KeptEvents {
  #kept: { event: KeptEvent; bytes: number }[] = [];
  #bytes = 0;

  add({ time, source, 'detail-type': detail_type, detail }: BusEvent): void {
    const event = { time, source, detail_type, detail };
    const bytes = Buffer.byteLength(JSON.stringify(event));
    this.#kept.push({ event, bytes });
    this.#bytes += bytes;
    while (this.#kept.length > MAX_EVENTS || this.#bytes > MAX_BYTES) this.#bytes -= this.#kept.shift()?.bytes ?? 0;
  }

  newestFirst(): KeptEvent[] {
    return this.#kept.map(({ event }) => event).toReversed();
  }
}
