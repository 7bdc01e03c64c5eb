/** A value's place in a heap: enough to take it out from the middle. Only the heap writes to it. */
export type Place<T> = { key: number; value: T; heap: IndexedHeap<T>; serial: number; index: number };

/**
 * A binary heap whose values can be removed from anywhere in O(log n), so that a message deleted early leaves nothing
 * behind. Lowest key first; equal keys come out in the order they went in.
 */
export class IndexedHeap<T> {
  #places: Place<T>[] = [];
  #nextSerial = 0;

  get size(): number {
    return this.#places.length;
  }

  first(): Place<T> | undefined {
    return this.#places[0];
  }

  push(key: number, value: T): Place<T> {
    const place: Place<T> = { key, value, heap: this, serial: this.#nextSerial++, index: this.#places.length };
    this.#places.push(place);
    this.#rise(place);
    return place;
  }

  takeFirst(): Place<T> | undefined {
    const first = this.#places[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Does nothing for a place that was removed before. */
  remove(place: Place<T>): void {
    const { index } = place;
    if (this.#places[index] !== place) return;
    place.index = -1;
    const last = this.#places.pop();
    if (last === undefined || last === place) return;
    this.#set(index, last);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(place: Place<T>): void {
    while (place.index > 0) {
      const parentIndex = (place.index - 1) >> 1;
      const parent = this.#places[parentIndex];
      if (parent === undefined || !isBefore(place, parent)) return;
      this.#set(place.index, parent);
      this.#set(parentIndex, place);
    }
  }

  #sink(place: Place<T>): void {
    for (;;) {
      const left = this.#places[2 * place.index + 1];
      const right = this.#places[2 * place.index + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, place)) return;
      const childIndex = child.index;
      this.#set(place.index, child);
      this.#set(childIndex, place);
    }
  }

  #set(index: number, place: Place<T>): void {
    this.#places[index] = place;
    place.index = index;
  }
}

function isBefore<T>(a: Place<T>, b: Place<T>): boolean {
  return a.key === b.key ? a.serial < b.serial : a.key < b.key;
}
