import * as vitest from 'vitest';

type Case = { title: string; run: () => void | Promise<void> };

/** Where the cases of a contract go: to vitest, or into a list. */
let collected: Case[] | undefined;
let titles: readonly string[] = [];

/** As vitest's, for contracts whose cases a mutant names. */
export function describe(title: string, body: () => void): void {
  if (collected === undefined) return void vitest.describe(title, body);
  titles = [...titles, title];
  body();
  titles = titles.slice(0, -1);
}

export function it(title: string, run: Case['run']): void {
  if (collected === undefined) return void vitest.it(title, run);
  collected.push({ title: [...titles, title].join(' '), run });
}

/** The cases of a contract by their titles, to be run one by one. */
export function casesOf(contract: () => void): ReadonlyMap<string, Case['run']> {
  collected = [];
  try {
    contract();
    return new Map(collected.map(({ title, run }) => [title, run]));
  } finally {
    collected = undefined;
  }
}
