// Real: the table people read, the README's promises, the list of faults, the mutations that `npm run mutants` tries, and the files
// that all of them name.
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTATIONS } from '../mutants/all.ts';
import { broken, changesOf } from '../mutants/mutation.ts';
import { NO_FAULTS, WITHOUT } from '../mutants/without.ts';
import { faultRows, promises, readFromRoot } from './fault-table.ts';

const rows = faultRows();
const shown = [...rows, ...promises()];
const mutations = Object.entries(MUTATIONS).flatMap(([of, some]) => some.map((mutation) => ({ of, mutation })));

const isThere = (file: string): boolean => existsSync(new URL(`../../${file}`, import.meta.url));
const pointersOf = (some: typeof shown): string[] =>
  some.flatMap(({ of, shownBy }) => shownBy.map((file) => `${of} ${file}`));

describe('what-can-go-wrong and the promises of the README', () => {
  it('have a line for every known fault, once', () => {
    const faults: { id: string }[] = JSON.parse(readFromRoot('test/data/faults.json'));
    const lines = rows.map(({ of }) => of);
    expect(faults.filter(({ id }) => !lines.includes(id) && NO_FAULTS[id] === undefined)).toEqual([]);
    expect(lines.filter((id, index) => lines.indexOf(id) !== index || NO_FAULTS[id] !== undefined)).toEqual([]);
    expect(faults.length).toBeGreaterThan(100);
  });

  it('point to files that are there', () => {
    expect(shown.flatMap(({ shownBy }) => shownBy).filter((file) => !isThere(file))).toEqual([]);
    expect(promises().length).toBeGreaterThan(5);
  });

  it('name with each clause a test that a mutation makes fail, or a reason why none does', () => {
    const tried = new Set(
      mutations.flatMap(({ of, mutation }) => mutation.fails.map(({ shownBy }) => `${of} ${shownBy}`)),
    );
    const pointers = pointersOf(shown);
    expect(pointers.filter((pointer) => !tried.has(pointer) && WITHOUT[pointer] === undefined)).toEqual([]);
    expect(Object.keys(WITHOUT).filter((pointer) => tried.has(pointer) || !pointers.includes(pointer))).toEqual([]);
  });
});

describe('a mutation', () => {
  it('names the files that its clause points to', () => {
    const pointers = new Set(pointersOf(shown));
    const stray = mutations.flatMap(({ of, mutation }) =>
      mutation.fails.map(({ shownBy }) => `${of} ${shownBy}`).filter((pointer) => !pointers.has(pointer)),
    );
    expect(stray).toEqual([]);
  });

  it('changes one place of its file', () => {
    const faults = mutations.flatMap(({ of, mutation }) =>
      changesOf(mutation).flatMap((change) => {
        const whole = readFromRoot(change.in);
        try {
          return broken(whole, change) === whole ? [`${of} changes nothing`] : [];
        } catch (error) {
          return [`${of}: ${String(error)}`];
        }
      }),
    );
    expect(faults).toEqual([]);
  });

  it('names tests by words of theirs', () => {
    const nameless = mutations.flatMap(({ of, mutation }) =>
      mutation.fails
        .filter(({ shownBy, title }) => title.length < 8 || !readFromRoot(shownBy).includes(title))
        .map(({ shownBy, title }) => `${of} ${shownBy}: ${title}`),
    );
    expect(nameless).toEqual([]);
  });
});

it('every test that SECURITY.md points to is there', () => {
  const files = [...readFromRoot('SECURITY.md').matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file ?? '');
  expect(files.filter((file) => !isThere(file))).toEqual([]);
  expect(files.length).toBeGreaterThan(10);
});

it('every file that the README points to is there', () => {
  const files = [...readFromRoot('README.md').matchAll(/(?:\]\(|`)((?:docs|test|schema)\/[\w./-]+)/g)];
  expect(files.map(([, file]) => file ?? '').filter((file) => !isThere(file))).toEqual([]);
});
