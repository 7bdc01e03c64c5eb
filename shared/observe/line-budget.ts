/** A share of a line. It counts characters as JSON writes them. */
export class LineBudget {
  #left: number;

  constructor(characters: number) {
    this.#left = characters;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Spends what fits. */
  spend(value: unknown): boolean {
    this.#left -= JSON.stringify(value).length + 1;
    return !this.isSpent;
  }

  take<Value>(value: Value): Value {
    this.spend(value);
    return value;
  }
}
