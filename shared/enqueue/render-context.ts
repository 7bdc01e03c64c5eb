import { isTooDeep } from './json-faults.ts';
import { type CanonicalText, canonicalText } from './request-digest.ts';

/**
 * The values that templates are rendered with. A hundred deliveries may share a context of several megabytes, so what must be
 * known about the whole of it is worked out once.
 */
export class RenderContext {
  readonly value: Readonly<Record<string, unknown>>;
  /** Where it comes from: one delivery, or the whole request, next to `deliveries`. */
  readonly of: 'delivery' | 'request';
  #tooDeep: boolean | undefined;
  #canonical: CanonicalText | undefined;

  constructor(value: Readonly<Record<string, unknown>>, of: 'delivery' | 'request' = 'delivery') {
    this.value = value;
    this.of = of;
  }

  get tooDeep(): boolean {
    return (this.#tooDeep ??= isTooDeep(this.value));
  }

  /** Its part of a digest, the same as if it were the delivery's own. Only for a context that is not too deep. */
  get forDigest(): Readonly<Record<string, unknown>> | CanonicalText {
    return this.of === 'delivery' ? this.value : (this.#canonical ??= canonicalText(this.value));
  }
}

export const NO_CONTEXT = new RenderContext({});
