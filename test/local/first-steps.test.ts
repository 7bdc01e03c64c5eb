// Real: the words that `npm start` ends with. No doubles.
import { describe, expect, it } from 'vitest';
import type { Endpoints } from '../../local/twin/endpoints-file.ts';
import { firstSteps } from '../../local/twin/first-steps.ts';

const AWS = 'http://127.0.0.1:4710';
const ENDPOINTS: Endpoints = {
  aws: AWS,
  console: `${AWS}/`,
  region: 'us-east-1',
  pid: 1,
  functions: { enqueue: 'Enqueue-1' },
  queues: {},
  database: { resourceArn: 'arn', secretArn: 'arn', database: 'surehook' },
  settings: {},
};

describe('the first steps', () => {
  it.for(['127.0.0.0/8,::1/128', '127.0.0.1/32', '10.0.0.0/8, 0.0.0.0/0'])(
    'lead to the demo receiver where %s may be reached',
    (cidrs) => {
      expect(
        firstSteps(ENDPOINTS, {
          deployed: [{ environment: { EGRESS_ALLOW_CIDRS: cidrs } }],
          logFile: '/data/functions.log',
        }),
      ).toContain('whose demo receiver fails once');
    },
  );

  it.for(['', '10.0.0.0/8', '::1/128', '127.0.0.2/32'])(
    'do not promise the demo receiver where only "%s" may be reached',
    (cidrs) => {
      const said = firstSteps(ENDPOINTS, {
        deployed: [{ environment: { EGRESS_ALLOW_CIDRS: cidrs } }],
        logFile: '/data/functions.log',
      });
      expect(said).not.toContain('fails once');
      expect(said).toContain('EGRESS_ALLOW_CIDRS keeps the demo receiver out of reach');
    },
  );

  it('say how often a webhook is tried and for how long', () => {
    expect(firstSteps(ENDPOINTS, { deployed: [], logFile: '/data/functions.log' })).toContain(
      '5 attempts, the last 7.5 to 8.3 minutes after the first',
    );
    const enqueue = { environment: { WEBHOOK_DELIVERY_MAX_ATTEMPTS: '3' } };
    const deliver = { environment: { WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: '1,2' } };
    expect(firstSteps(ENDPOINTS, { deployed: [enqueue, deliver], logFile: '/data/functions.log' })).toContain(
      '3 attempts, the last 3 to 3.3 seconds after the first',
    );
  });

  it.for([
    [
      { afterSeconds: 360, wakeSeconds: 15 },
      'pauses after 6 minutes without a call; the next request wakes it, in 15 seconds',
    ],
    [
      { afterSeconds: 90, wakeSeconds: 1 },
      'pauses after 90 seconds without a call; the next request wakes it, in 1 second',
    ],
    [undefined, undefined],
  ] as const)('say when the database pauses, of %j', ([pause, words]) => {
    const said = firstSteps(ENDPOINTS, { deployed: [], logFile: '/data/functions.log', pause });
    expect(/^ {2}database {2}(.*)$/m.exec(said)?.[1]).toBe(words);
  });

  it('begin with one that arrives at once, and say where the log is', () => {
    const said = firstSteps(ENDPOINTS, {
      deployed: [{ environment: { EGRESS_ALLOW_CIDRS: '127.0.0.0/8' } }],
      logFile: '/data/functions.log',
    });
    expect(said.indexOf('/demo/ok"')).toBeLessThan(said.indexOf('/demo/fail/1'));
    expect(said).toContain('log       /data/functions.log');
  });
});
