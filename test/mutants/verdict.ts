import type { TestError } from 'vitest';
import type { TestCase, TestModule } from 'vitest/node';
import type { FailingTest } from './mutation.ts';

/** What became of one test that a mutation names. */
export type Verdict =
  | { kind: 'killed' }
  | { kind: 'survived' }
  /** It proves nothing: the test does not exist, or did not run, or failed for want of time or of a program that works. */
  | { kind: 'worthless'; because: string };

/** Of a test that ran on the broken tree. */
export function verdictOf(test: FailingTest, module: TestModule | undefined): Verdict {
  if (module === undefined) return { kind: 'worthless', because: 'the test file did not run' };
  const cases = [...module.children.allTests()].filter(({ fullName }) => fullName.includes(test.title));
  if (cases.length === 0) {
    const [error] = module.errors();
    return {
      kind: 'worthless',
      because: error === undefined ? 'there is no such test' : `the file fails: ${error.message}`,
    };
  }
  const ran = cases.filter((one) => one.result().state === 'passed' || one.result().state === 'failed');
  if (ran.length === 0) {
    const because = whyNothingRan(cases, module);
    // What all tests of a group need may be what the mutation breaks.
    return test.throws !== undefined && because.includes(test.throws)
      ? { kind: 'killed' }
      : { kind: 'worthless', because };
  }
  const errors = ran.flatMap((one) => one.result().errors ?? []);
  if (errors.length === 0) return { kind: 'survived' };
  if (errors.some((error) => isWhatWasExpected(error, test))) return { kind: 'killed' };
  return {
    kind: 'worthless',
    because: `fails by ${errors.map(({ name, message }) => `${name}: ${message}`).join('; ')}`,
  };
}

/** Of a test that ran on the whole tree, where it must pass. */
export function faultOfWhole(test: FailingTest, module: TestModule | undefined): string | undefined {
  const verdict = verdictOf(test, module);
  if (verdict.kind === 'survived') return undefined;
  return `unbroken, ${verdict.kind === 'killed' ? 'it fails' : verdict.because}`;
}

function isWhatWasExpected(error: TestError, { throws }: FailingTest): boolean {
  if (throws !== undefined) return error.message.includes(throws);
  return isAssertion(error);
}

/** fast-check reports a counterexample as an error whose cause is the assertion. */
function isAssertion(error: TestError): boolean {
  if (error.name === 'AssertionError') return true;
  return error.cause !== undefined && isAssertion(error.cause);
}

function whyNothingRan(cases: readonly TestCase[], module: TestModule): string {
  const suites = [...module.children.allSuites()].flatMap((suite) => suite.errors());
  const [error] = [...module.errors(), ...suites];
  const states = [...new Set(cases.map((one) => one.result().state))].join(', ');
  return error === undefined ? `nothing ran: ${states}` : `nothing ran: ${error.message}`;
}
