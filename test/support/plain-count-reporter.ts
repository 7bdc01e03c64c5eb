import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line that any reader of logs understands: `N passed, N failed`. */
export default class PlainCountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    // A file that could not be loaded, and an error outside every test, fail the run without failing a test.
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
        else skipped++;
      }
    }
    const rest = skipped > 0 ? `, ${skipped} skipped` : '';
    // After the other reporters' summaries, which are written when this hook of theirs returns.
    process.once('exit', () => process.stdout.write(`\n${passed} passed, ${failed} failed${rest}\n`));
  }
}
