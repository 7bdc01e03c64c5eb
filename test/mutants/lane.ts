// One copy of the tree with one vitest and one PostgreSQL, which tries one mutation after the other. Its parent is run.ts.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createVitest, type TestModule } from 'vitest/node';
import { type FailingTest, type Mutation, testFileOf } from './mutation.ts';
import { breakTree, copyTree } from './scratch-tree.ts';
import { faultOfWhole, type Verdict, verdictOf } from './verdict.ts';

/** Without a mutation: these tests pass on the whole tree. */
export type Task = { number: number; mutation?: Mutation; tests: readonly FailingTest[] };
export type Answer = { number: number; verdicts: readonly Verdict[]; seconds: number };

const tree = copyTree(process.cwd());
process.chdir(tree);
const vitest = await createVitest(
  {
    root: tree,
    watch: false,
    reporters: [{}],
    // Tests of slow commands are named, too; none is left out but by not being named.
    exclude: ['**/node_modules/**'],
    include: ['test/**/*.test.ts'],
  },
  { cacheDir: join(tree, 'node_modules/.vite'), logLevel: 'silent' },
);
await vitest.standalone();

process.on('message', (task: Task) => void answer(task));
process.on('disconnect', () => void close());

async function answer({ number, mutation, tests }: Task): Promise<void> {
  const began = performance.now();
  const verdicts = await (mutation === undefined ? tryWhole(tests) : tryBroken(mutation)).catch((error: unknown) =>
    tests.map((): Verdict => ({ kind: 'worthless', because: String(error) })),
  );
  const reply: Answer = { number, verdicts, seconds: (performance.now() - began) / 1000 };
  // Whoever asked may have been ended.
  if (process.connected) process.send?.(reply);
}

async function tryWhole(tests: readonly FailingTest[]): Promise<Verdict[]> {
  const modules = await run(tests);
  return tests.map((test) => {
    const fault = faultOfWhole(test, modules.get(testFileOf(test.shownBy)));
    return fault === undefined ? { kind: 'survived' } : { kind: 'worthless', because: fault };
  });
}

async function tryBroken(mutation: Mutation): Promise<Verdict[]> {
  const { changed, mend } = breakTree(tree, mutation);
  for (const file of changed) vitest.invalidateFile(file);
  try {
    const modules = await run(mutation.fails);
    return mutation.fails.map((test) => verdictOf(test, modules.get(testFileOf(test.shownBy))));
  } finally {
    mend();
    for (const file of changed) vitest.invalidateFile(file);
  }
}

async function run(tests: readonly FailingTest[]): Promise<Map<string, TestModule>> {
  const files = [...new Set(tests.map(({ shownBy }) => testFileOf(shownBy)))];
  const project = vitest.getRootProject();
  vitest.setGlobalTestNamePattern(new RegExp(tests.map(({ title }) => RegExp.escape(title)).join('|')));
  const { testModules } = await vitest.runTestSpecifications(
    files.map((file) => project.createSpecification(join(tree, file))),
  );
  return new Map(testModules.map((module) => [module.relativeModuleId, module]));
}

async function close(): Promise<void> {
  await vitest.close();
  rmSync(tree, { recursive: true, force: true });
  process.exit();
}
