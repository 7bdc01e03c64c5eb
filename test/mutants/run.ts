// `npm run mutants`: breaks each clause of docs/what-can-go-wrong.md and of the README's promises in a copy of the tree, one at a time,
// and expects the tests that the documents name to fail. `--only ID` (repeatable) tries those of one row, `--lanes N` so many at once.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { MUTATIONS } from './all.ts';
import type { Answer, Task } from './lane.ts';
import { type FailingTest, type Mutation, testFileOf } from './mutation.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, lanes: { type: 'string' } },
});
const lanes = Number(values.lanes ?? availableParallelism());

type Tried = { ids: string; mutation: Mutation };

const tried = Object.entries(MUTATIONS)
  .filter(([id]) => values.only === undefined || values.only.includes(id))
  .flatMap(([id, mutations]) => mutations.map((mutation): Tried => ({ ids: id, mutation })));
if (tried.length === 0) throw new Error(`nothing has a mutation: ${values.only?.join(', ')}`);

const wholes = [
  ...Map.groupBy(
    tried.flatMap(({ mutation }) => mutation.fails),
    ({ shownBy }) => testFileOf(shownBy),
  ),
].map(([, tests]) => tests);
const tasks: readonly Task[] = [
  ...wholes.map((tests, number): Task => ({ number, tests })),
  ...tried.map(({ mutation }, index): Task => ({ number: wholes.length + index, mutation, tests: mutation.fails })),
];

const faults: string[] = [];
let killed = 0;
const waiting = [...tasks];
await Promise.all(Array.from({ length: Math.min(lanes, tasks.length) }, runLane));
say(`${killed} of ${tried.length} mutations were noticed by the tests named for them`);
if (faults.length > 0) {
  say(['Not so:', ...faults].join('\n  '));
  process.exitCode = 1;
}

async function runLane(): Promise<void> {
  const lane = fork(new URL('lane.ts', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let current: Task | undefined;
  const next = (): void => {
    current = waiting.shift();
    if (current === undefined) lane.disconnect();
    else lane.send(current);
  };
  lane.on('message', (answer: Answer) => {
    if (current !== undefined) note(current, answer);
    next();
  });
  lane.on('exit', (code) => (current === undefined ? resolve() : reject(new Error(`a lane ended with ${code}`))));
  next();
  await promise;
}

function note({ number, mutation, tests }: Task, { verdicts, seconds }: Answer): void {
  const subject = tried[number - wholes.length];
  const name = mutation === undefined || subject === undefined ? 'unbroken' : `${subject.ids} ${mutation.in}`;
  const bad = verdicts.flatMap((verdict, index) => {
    const isAsItShould = verdict.kind === (mutation === undefined ? 'survived' : 'killed');
    return isAsItShould
      ? []
      : [`${name}: ${shown(tests[index])} ${verdict.kind === 'worthless' ? verdict.because : verdict.kind}`];
  });
  faults.push(...bad);
  if (mutation !== undefined && bad.length === 0) killed += 1;
  say(
    `${bad.length === 0 ? 'ok ' : 'NOT'} ${seconds.toFixed(1).padStart(6)} s ${name}${bad.map((one) => `\n      ${one}`).join('')}`,
  );
}

function shown(test: FailingTest | undefined): string {
  return test === undefined ? '' : `${test.shownBy} «${test.title}»`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
