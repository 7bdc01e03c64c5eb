/** Values kept with three digits; what comes beyond them keeps one, which leaves room for nine values a decade. */
const MAX_PRECISE_VALUES = 1_000;

/**
 * The values of one metric in one minute. Sum, count, least and most are exact; each value is kept with three significant
 * digits and how often it came, so that a percentile is right to half a per cent however many values there were.
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
    const kept = Number(value.toPrecision(this.#timesByValue.size < MAX_PRECISE_VALUES ? 3 : 1));
    this.#timesByValue.set(kept, (this.#timesByValue.get(kept) ?? 0) + 1);
  }

  /** Rounded values with how often each came. */
  values(): ReadonlyMap<number, number> {
    return this.#timesByValue;
  }
}
