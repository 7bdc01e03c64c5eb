// Real: the examples in Python and Java, each in a process of its own, against a whole stack on this machine. No doubles.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applicationUrl } from '../end-to-end/application-role.ts';
import { describeReceiverExample } from '../end-to-end/receiver-example-suite.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { ExampleProcess, exported } from '../support/stack/example-process.ts';
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
test('Python: a webhook that the application inserts in its own transaction is announced after the commit, and goes at once', async () => {
  await using receiver = await RecordingReceiver.open();
  const url = (await applicationUrl(stack)).replace('postgresql:', 'postgresql+psycopg:');
  await using inserting = new ExampleProcess([PYTHON, 'caller/insert.py', receiver.url(), '75'], {
    ...exported(stack.endpoints),
    DATABASE_URL: url,
    OUTBOX_SCHEMA: 'public',
    PYTHONPATH: process.env['PYTHONPATH'],
  });
  expect(await inserting.ended()).toEqual({ code: 0, said: '' });
  const [inserted, announced] = inserting.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(announced).toMatchObject({ results: [{ delivery_uuid: inserted?.['delivery_uuid'], result: 'sent' }] });
  await receiver.until(({ received }) => received.length === 1);
  expect(receiver.received[0]?.body.toString()).toBe('{"greeting": "Hello Python"}');
});

describeReceiverExample(() => stack, { what: 'Java', receiver: [JAVA, 'receiver/Receiver.java'], caller });
