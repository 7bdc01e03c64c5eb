// Real: the readers of requests, the judgement by the policy engine. Doubles: the services behind, which answer that they were
// reached.
import { beforeAll, expect, test } from 'vitest';
import type { AwsService } from '../../local/aws/aws-service.ts';
import { enforcePermissions } from '../../local/aws/iam/enforce-permissions.ts';
import { Permissions } from '../../local/aws/iam/permissions.ts';
import { loadPolicyEngine, type PolicyEngine } from '../../local/aws/iam/policy-engine.ts';
import { accessReaders } from '../../local/aws/iam/requested-access.ts';

const PLACE = { region: 'us-east-1', accountId: '000000000000' };
const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
const STACK = 'arn:aws:cloudformation:us-east-1:000000000000:stack/Shop/*';
const GROUP = 'arn:aws:logs:us-east-1:000000000000:log-group:/surehook/deliver:*';

let engine: PolicyEngine;
beforeAll(async () => {
  engine = await loadPolicyEngine(PLACE);
});

type Right = { Action: string; Resource: string; Condition?: object };
type Asked = { service: string; target: string; input: object };

/** What a function with these rights gets for a request. */
async function answered(rights: readonly Right[], { service, target, input }: Asked): Promise<string> {
  const reached: AwsService = async () => ({ status: 200, headers: {}, body: 'reached' });
  const document = { Version: '2012-10-17', Statement: rights.map((right) => ({ Effect: 'Allow', ...right })) };
  const role = {
    logicalId: 'Role',
    name: 'role',
    arn: 'arn:aws:iam::000000000000:role/role',
    trust: {},
    policies: [{ name: 'p', document }],
  };
  const functions = [
    { name: 'worker', arn: 'arn:aws:lambda:us-east-1:000000000000:function:worker', roleLogicalId: 'Role' },
  ];
  const permissions = new Permissions(
    { functions, permissions: { roles: [role], resourcePolicies: [], triggerInvocations: [] } },
    engine,
    PLACE,
  );
  const guarded = enforcePermissions(
    { [service]: reached },
    {
      functionOf: () => 'worker',
      permissions,
      readers: accessReaders({ ...PLACE, queueArn: () => undefined, secretArn: () => undefined }),
    },
  );
  const answer = await guarded[service]?.({
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'x-amz-target': target },
    body: Buffer.from(JSON.stringify(input)),
    accessKeyId: 'ASIA',
    signal: new AbortController().signal,
  });
  return answer?.body.toString() ?? '';
}

const put = (...Entries: object[]): Asked => ({ service: 'events', target: 'AWSEvents.PutEvents', input: { Entries } });
const event = { Source: 'surehook', DetailType: 'Webhook Delivered', Detail: '{}' };
const describeStacks = (input: object): Asked => ({
  service: 'cloudformation',
  target: 'CloudFormation_20100515.DescribeStacks',
  input,
});
const describeAlarms: Asked = {
  service: 'monitoring',
  target: 'GraniteServiceVersion20100801.DescribeAlarms',
  input: {},
};
const filterLog: Asked = {
  service: 'logs',
  target: 'Logs_20140328.FilterLogEvents',
  input: { logGroupName: '/surehook/deliver' },
};

test.each<[what: string, rights: Right[], asked: Asked]>([
  ['puts events on a bus', [{ Action: 'events:PutEvents', Resource: BUS }], put(event, event)],
  [
    'puts events of a source',
    [
      {
        Action: 'events:PutEvents',
        Resource: BUS,
        Condition: { 'ForAllValues:StringEquals': { 'events:source': 'surehook' } },
      },
    ],
    put(event),
  ],
  [
    'looks at a stack',
    [{ Action: 'cloudformation:DescribeStacks', Resource: STACK }],
    describeStacks({ StackName: 'Shop' }),
  ],
  ['looks at every stack', [{ Action: 'cloudformation:DescribeStacks', Resource: '*' }], describeStacks({})],
  ['looks at alarms', [{ Action: 'cloudwatch:DescribeAlarms', Resource: '*' }], describeAlarms],
  ['reads a log', [{ Action: 'logs:FilterLogEvents', Resource: GROUP }], filterLog],
  ['asks who it is', [], { service: 'sts', target: 'AWSSecurityTokenService.GetCallerIdentity', input: {} }],
])('a function with the right %s', async (_what, rights, asked) => {
  expect(await answered(rights, asked)).toBe('reached');
});

test.each<[what: string, rights: Right[], asked: Asked]>([
  ['putting events', [], put(event)],
  [
    'putting events on another bus',
    [{ Action: 'events:PutEvents', Resource: BUS }],
    put({ ...event, EventBusName: 'other' }),
  ],
  [
    'putting one event of another source',
    [
      {
        Action: 'events:PutEvents',
        Resource: BUS,
        Condition: { 'ForAllValues:StringEquals': { 'events:source': 'surehook' } },
      },
    ],
    put(event, { ...event, Source: 'other' }),
  ],
  [
    'looking at another stack',
    [{ Action: 'cloudformation:DescribeStacks', Resource: STACK }],
    describeStacks({ StackName: 'Other' }),
  ],
  ['looking at every stack', [{ Action: 'cloudformation:DescribeStacks', Resource: STACK }], describeStacks({})],
  [
    'looking at alarms',
    [{ Action: 'cloudwatch:DescribeAlarms', Resource: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:one' }],
    describeAlarms,
  ],
  ['reading a log', [{ Action: 'logs:FilterLogEvents', Resource: GROUP.replace('deliver', 'sweep') }], filterLog],
])('a function without it is refused %s', async (_what, rights, asked) => {
  expect(await answered(rights, asked)).toContain('is not authorized to perform');
});

test('what the twin cannot judge, no function may do', async () => {
  const asked = { service: 'events', target: 'AWSEvents.ListRules', input: {} };
  expect(await answered([{ Action: '*', Resource: '*' }], asked)).toContain('cannot judge AWSEvents.ListRules');
});
