// Real: the examples in Python and Java, each in a process of its own, against a whole stack on this machine. No doubles.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll } from 'vitest';
import { describeReceiverExample } from '../end-to-end/receiver-example-suite.ts';
import { RunningStack } from '../support/stack/running-stack.ts';

const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3';
const JAVA = process.env['JAVA'] ?? '/usr/bin/java';

let stack: RunningStack;
beforeAll(async () => {
  if (spawnSync(JAVA, ['-version']).status !== 0) {
    throw new Error(`${JAVA} is no Java: apt-get install default-jdk-headless, or name another with JAVA=…`);
  }
  stack = await RunningStack.start({});
});
afterAll(() => stack?.dispose());

const caller = (...given: string[]): string[] => [PYTHON, 'caller/hand_over.py', ...given];
describeReceiverExample(() => stack, { what: 'Python', receiver: [PYTHON, 'receiver/receiver.py'], caller });
describeReceiverExample(() => stack, { what: 'Java', receiver: [JAVA, 'receiver/Receiver.java'], caller });
