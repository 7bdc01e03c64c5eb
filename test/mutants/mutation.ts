/** What a clause of a document says, broken in one place of the product, and the tests that must notice. */
export type Mutation = Change & {
  /** Where the rule is kept in more than one place, so that breaking one breaks nothing. */
  also?: readonly Change[];
  /** Each must fail by an assertion. */
  fails: readonly FailingTest[];
};

export type Change = {
  /** The file that is changed, from the root of the repository. */
  in: string;
  /** Stands in the file exactly once. */
  from: string;
  to: string;
};

export type FailingTest = {
  /** As the document points to it: a test file, or a contract or suite that a test file runs. */
  shownBy: string;
  /** A part of the test's full title, which joins its groups by ` > `; stands in the file that is pointed to. */
  title: string;
  /** Where the test fails by an error that something throws, and not by an assertion: a part of its message. */
  throws?: string;
};

export const changesOf = ({ also = [], ...change }: Mutation): Change[] => [change, ...also];

/** By the id of a row of docs/what-can-go-wrong.md, or by a clause of the README's promises. */
export type Mutations = Readonly<Record<string, readonly Mutation[]>>;

/** Whose cases run in another file. */
const RUN_BY: Readonly<Record<string, string>> = {
  'test/contracts': 'test/shared/aws/data-api-delivery-store.test.ts',
  'test/end-to-end': 'test/end-to-end/deliveries.test.ts',
};

/** The test file that runs what a document points to. */
export function testFileOf(shownBy: string): string {
  if (shownBy.endsWith('.test.ts')) return shownBy;
  return RUN_BY[shownBy.slice(0, shownBy.lastIndexOf('/'))] ?? shownBy;
}

/** A text that stands in its file more than once, or no more, says of no place what it breaks. */
export function broken(source: string, { in: file, from, to }: Change): string {
  const places = source.split(from).length - 1;
  if (places !== 1) throw new Error(`${file} has this ${places} times: ${from}`);
  return source.replace(from, () => to);
}
