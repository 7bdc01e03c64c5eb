// Real: the loading of the policy engine. Double: a simulator that is not there, or broken.
import { expect, test } from 'vitest';
import { loadPolicyEngine } from '../../local/aws/iam/policy-engine.ts';

const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
const question = {
  principal: 'arn:aws:sts::000000000000:assumed-role/role/session',
  action: 'sqs:SendMessage',
  resource: 'arn:aws:sqs:us-east-1:000000000000:queue',
  context: {},
  identityPolicies: [],
  resourcePolicies: [],
};

test('without the simulator the twin runs, allows every call, and says once that it judges none', async () => {
  const said: string[] = [];
  const engine = await loadPolicyEngine({
    accountId: '000000000000',
    say: (line) => said.push(line),
    load: () => Promise.reject(missing),
  });
  expect(await engine.judge(question)).toEqual({ kind: 'allowed' });
  expect(said).toEqual([expect.stringMatching(/permissions are not judged.*AGPL-3\.0/)]);
});

test('a simulator that is there and broken is no reason to judge nothing', async () => {
  const broken = new SyntaxError('unexpected token');
  const loading = loadPolicyEngine({ accountId: '000000000000', load: () => Promise.reject(broken) });
  await expect(loading).rejects.toBe(broken);
});

test('with it, a call that nobody granted is denied', async () => {
  const engine = await loadPolicyEngine({ accountId: '000000000000' });
  expect(await engine.judge(question)).toMatchObject({ kind: 'denied' });
});
