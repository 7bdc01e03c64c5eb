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
};

describe('the first steps', () => {
  it.for(['127.0.0.0/8,::1/128', '127.0.0.1/32', '10.0.0.0/8, 0.0.0.0/0'])(
    'lead to the demo receiver where %s may be reached',
    (cidrs) => {
      expect(firstSteps(ENDPOINTS, cidrs)).toContain('Its demo receiver fails once, then succeeds');
    },
  );

  it.for(['', '10.0.0.0/8', '::1/128', '127.0.0.2/32'])(
    'do not promise the demo receiver where only "%s" may be reached',
    (cidrs) => {
      const said = firstSteps(ENDPOINTS, cidrs);
      expect(said).not.toContain('fails once');
      expect(said).toContain('EGRESS_ALLOW_CIDRS keeps the demo receiver out of reach');
    },
  );
});
