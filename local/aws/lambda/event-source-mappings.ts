import { createHash } from 'node:crypto';
import type { StackEventSourceMapping } from '../../template/stack-description.ts';
import { type EventSource, type EventSourceSettings, startEventSource } from './event-source.ts';

/** A queue that a function is fed from, as the Lambda API names it. */
export type KnownMapping = { uuid: string; mapping: StackEventSourceMapping };

type Known = KnownMapping & { settings: EventSourceSettings; source: EventSource };

/** The event sources of all functions, which can be stopped and started while the stack runs. */
export class EventSourceMappings {
  readonly #known = new Map<string, Known>();
  #paused: EventSource[] = [];

  add(settings: EventSourceSettings): void {
    const uuid = uuidOf(settings.mapping.logicalId);
    this.#known.set(uuid, { uuid, mapping: settings.mapping, settings, source: startEventSource(settings) });
  }

  all(): KnownMapping[] {
    return [...this.#known.values()];
  }

  find(uuid: string): KnownMapping | undefined {
    return this.#known.get(uuid);
  }

  /** Receives nothing more; batches under way end as they would have. */
  disable(uuid: string): void {
    const known = this.#known.get(uuid);
    if (known?.mapping.enabled === true) this.#change(known, { enabled: false });
  }

  enable(uuid: string): void {
    const known = this.#known.get(uuid);
    if (known?.mapping.enabled === false) this.#change(known, { enabled: true });
  }

  /** So many batches at once; batches that are under way do not count. Undefined: without a limit of its own. */
  scale(uuid: string, maximumConcurrency: number | undefined): void {
    const known = this.#known.get(uuid);
    if (known !== undefined) this.#change(known, { maximumConcurrency });
  }

  stop(): void {
    for (const { source } of this.#known.values()) source.stop();
    for (const source of this.#paused) source.stop();
  }

  #change(known: Known, to: Partial<Pick<StackEventSourceMapping, 'enabled' | 'maximumConcurrency'>>): void {
    known.source.pause();
    this.#paused = [...this.#paused.filter((source) => source.isBusy()), known.source];
    const mapping = { ...known.mapping, ...to };
    const settings = { ...known.settings, mapping };
    this.#known.set(known.uuid, { uuid: known.uuid, mapping, settings, source: startEventSource(settings) });
  }
}

/** The same one at every start, so that a script may keep it. */
function uuidOf(logicalId: string): string {
  const digits = createHash('sha256').update(logicalId).digest('hex');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20, 32),
  ].join('-');
}
