/**
 * How many different values are kept with three digits (more than there are in three decades); any further ones keep two.
 */
const MAX_PRECISE_VALUES = 3_000;

/**
 * The values of one metric in one minute. Sum, count, minimum and maximum are exact; each value is kept with three
 * significant digits and how often it came, so that a percentile is accurate to half a per cent for any number of values,
 * and to five per cent if they are spread over many decades.
 */
export class Distribution {
  sum = 0;
  count = 0;
  min = Infinity;
  max = -Infinity;
  readonly #timesByValue = new Map<number, number>();

  add(value: number): void {
    this.sum += value;
    this.count += 1;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    const kept = Number(value.toPrecision(this.#timesByValue.size < MAX_PRECISE_VALUES ? 3 : 2));
    this.#timesByValue.set(kept, (this.#timesByValue.get(kept) ?? 0) + 1);
  }

  /** Rounded values with how often each came. */
  values(): ReadonlyMap<number, number> {
    return this.#timesByValue;
  }
}
