// Real: everything. The stack as `npm start` runs it, on PostgreSQL, driven by the AWS SDK; receivers are HTTP servers on
// loopback. Never asserted: how long anything takes, but for lower bounds the policy promises.
import { afterAll, beforeAll } from 'vitest';
import { describeEnqueue } from './enqueue-suite.ts';
import { describeRetries, RETRY_SCHEDULE } from './retry-suite.ts';
import { RunningStack } from './running-stack.ts';

let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start({
    WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '2',
    WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: RETRY_SCHEDULE,
  });
});

afterAll(() => stack.dispose());

describeEnqueue(() => stack);
describeRetries(() => stack);
