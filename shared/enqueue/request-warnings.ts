import { MAX_REPORTED_WARNINGS } from '../runtime/limits.ts';

/**
 * What one request is told beside its answer: what was cut off, left out, or will not do what it looks like. Each text is told
 * once. Keeps the first 20 and counts the rest. Texts must not hold a value of the request.
 */
export class RequestWarnings {
  readonly #first = new Set<string>();
  #more = 0;

  /** `path` may be empty. */
  add(path: string, text: string): void {
    const warning = path === '' ? text : `${path}: ${text}`;
    if (this.#first.has(warning)) return;
    if (this.full) this.#more++;
    else this.#first.add(warning);
  }

  /** True when the path of a further warning need not be worked out. */
  get full(): boolean {
    return this.#first.size >= MAX_REPORTED_WARNINGS;
  }

  get list(): string[] {
    return this.#more === 0 ? [...this.#first] : [...this.#first, `and ${this.#more} more warnings`];
  }
}
