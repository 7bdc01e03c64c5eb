// Real: the examples in TypeScript, each in a process of its own, against a whole stack on this machine; the app's template. No
// doubles. Those in other languages: npm run test:clients.
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WorkflowStack } from '../../examples/cdk-app/workflow-stack.ts';
import { ExampleProcess, exported, typescript } from '../support/stack/example-process.ts';
import { RunningStack } from '../support/stack/running-stack.ts';
import { describeReceiverExample } from './receiver-example-suite.ts';

let stack: RunningStack;
beforeAll(async () => {
  stack = await RunningStack.start({});
});
afterAll(() => stack.dispose());

describeReceiverExample(() => stack, {
  what: 'TypeScript',
  receiver: typescript('receiver/receiver.ts'),
  caller: (...given) => typescript('caller/hand-over.ts', ...given),
});

test('the caller says why a webhook was not taken', async () => {
  await using calling = new ExampleProcess(typescript('caller/hand-over.ts', 'ftp://a'), exported(stack.endpoints));
  expect(await calling.ended()).toEqual({ code: 1, said: expect.stringMatching(/^InvalidRequest: endpoint_url: /) });
});

test('the app’s own function hands over what a run has to, and nothing twice', async () => {
  const url = `${stack.endpoints.aws}/demo/ok`;
  const run = {
    runId: 77,
    organizationId: 1,
    webhooks: [
      { nodeId: 'a', url },
      { nodeId: 'b', url },
      { nodeId: 'c', url: 'ftp://a' },
    ],
    result: { outcome: 'done' },
  };
  // As Lambda calls it, and once more, as Lambda does after a failure.
  const call = `
    const { handler } = await import('./cdk-app/workflow-finished.ts');
    for (const _ of [1, 2]) console.log(JSON.stringify(await handler(${JSON.stringify(run)})));
  `;
  const words = [...typescript('--input-type=module'), '--eval', call];
  await using calling = new ExampleProcess(words, exported(stack.endpoints));
  expect(await calling.ended()).toMatchObject({ code: 0, said: expect.stringContaining('InvalidRequest') });
  expect(calling.lines).toEqual(['{"handedOver":2}', '{"handedOver":2}']);
  const rows = await stack.rows('select id from webhook_deliveries where workflow_run_id = 77');
  expect(rows).toHaveLength(2);
});

test('the app lets its function invoke enqueue, and synthesizes', () => {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, builtinCloudFormationValidation: false });
  const template = Template.fromStack(new WorkflowStack(app, 'Workflows'));
  const enqueue = { 'Fn::GetAtt': [Match.stringLikeRegexp('^WebhooksEnqueue'), 'Arn'] };
  const policies = template.findResources('AWS::IAM::Policy', {
    Properties: {
      PolicyName: Match.stringLikeRegexp('^WorkflowFinished'),
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'lambda:InvokeFunction', Resource: Match.arrayWith([enqueue]) }),
        ]),
      },
    },
  });
  expect(Object.keys(policies)).toHaveLength(1);
});
