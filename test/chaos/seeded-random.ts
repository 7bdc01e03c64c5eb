import { createHash } from 'node:crypto';

/** Numbers from 0 to 1 that look random and are the same for the same seed. */
export type SeededRandom = {
  next(): number;
  /** The same for the same words, whatever was drawn before. */
  of(...words: (string | number)[]): number;
};

export function seededRandom(seed: number): SeededRandom {
  let drawn = 0;
  const of = (...words: (string | number)[]): number =>
    createHash('sha256')
      .update(JSON.stringify([seed, ...words]))
      .digest()
      .readUInt32BE(0) /
    2 ** 32;
  return { of, next: () => of('drawn', drawn++) };
}
