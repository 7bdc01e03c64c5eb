import { isTooDeep } from './json-faults.ts';
import { type CanonicalText, canonicalText } from './request-digest.ts';

/**
 * What templates are rendered with. A hundred deliveries may share one of megabytes: what must be known of it as a whole is
 * worked out once.
 */
export class RenderContext {
  readonly value: Readonly<Record<string, unknown>>;
  /** Whose member it is: one delivery's, or the whole request's, beside `deliveries`. */
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

  /** What stands for it in a digest, the same as if it were the delivery's own. Only of one that is not too deep. */
  get forDigest(): Readonly<Record<string, unknown>> | CanonicalText {
    return this.of === 'delivery' ? this.value : (this.#canonical ??= canonicalText(this.value));
  }
}

export const NO_CONTEXT = new RenderContext({});
