// Real: everything. The stack as `npm start` runs it, on PostgreSQL, driven by the AWS SDK; receivers are HTTP servers on
// loopback. Only time is moved, by the rows' own instants. Never asserted: how long anything takes, but for the lower
// bounds the retry policy promises.
import { afterAll, beforeAll } from 'vitest';
import { describeAnnouncements } from './announce-suite.ts';
import { describeCredentials } from './credential-suite.ts';
import { describeEnqueue } from './enqueue-suite.ts';
import { describeIntake } from './intake-suite.ts';
import { describeReadme } from './readme-suite.ts';
import { describeRetries, RETRY_SCHEDULE } from './retry-suite.ts';
import { RunningStack } from '../support/stack/running-stack.ts';
import { describeSchedule } from './schedule-suite.ts';
import { describeWorkers } from './worker-suite.ts';

let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start({
    WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '2',
    WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: RETRY_SCHEDULE,
  });
});

afterAll(() => stack.dispose());

const running = (): RunningStack => stack;
describeEnqueue(running);
describeIntake(running);
describeAnnouncements(running);
describeSchedule(running);
describeRetries(running);
describeCredentials(running);
describeWorkers(running);
describeReadme(running);
