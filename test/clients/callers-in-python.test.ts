// Real: the code of docs/callers-in-python.md, in a process of its own with boto3, against a whole stack on this machine. No doubles.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExampleProcess, exported } from '../support/stack/example-process.ts';
import { RunningStack } from '../support/stack/running-stack.ts';

const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3';
const PAGE = readFileSync(new URL('../../docs/callers-in-python.md', import.meta.url), 'utf8');
const CODE = [...PAGE.matchAll(/```python\n([\s\S]+?)```/g)].map(([, code = '']) => code).join('\n');

let stack: RunningStack;
beforeAll(async () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3']).status !== 0) {
    throw new Error(`${PYTHON} has no boto3: apt-get install python3-boto3, or name another with PYTHON=…`);
  }
  stack = await RunningStack.start({});
});
afterAll(() => stack?.dispose());

/** What the page's code answers to a program that follows it: its lines, as JSON. */
async function answersOf(program: string): Promise<unknown[]> {
  const preamble = `
import os
NAME = os.environ["ENQUEUE_FUNCTION"]
def request(**more):
    return {"workflow_run_id": 1, "organization_id": 1, "webhook_node_id": "a", "endpoint_url": os.environ["AWS_ENDPOINT_URL"] + "/demo/ok", "payload": 1, **more}
def told(call, *given):
    try:
        return call(*given)
    except Exception as error:
        return [type(error).__name__, getattr(error, "name", None), getattr(error, "try_again", None), str(error)]
def show(answer):
    print(json.dumps(answer))
`;
  await using python = new ExampleProcess(
    [PYTHON, '-c', `${CODE}\n${preamble}\n${program}`],
    exported(stack.endpoints),
  );
  const { code, said } = await python.ended();
  expect([code, said]).toEqual([0, '']);
  return python.lines.map((line) => JSON.parse(line) as unknown);
}

test('the client answers what enqueue answers, once and again', async () => {
  expect(await answersOf('for _ in (1, 2): show(enqueue(NAME, request()))')).toMatchObject([
    { created: true, status: 'pending', warnings: [] },
    { created: false },
  ]);
});

test('a refusal is final by its name, and what nobody knows is to be tried again', async () => {
  const answers = await answersOf(`
show(told(enqueue, NAME, request(endpoint_url="ftp://a")))
show(told(enqueue, NAME, request(organization_id=2)))
show(told(enqueue, "nobody", request()))
show(SurehookError("TemporaryFailure", "").try_again)`);
  expect(answers).toEqual([
    ['SurehookError', 'InvalidRequest', false, expect.stringContaining('endpoint_url: ')],
    ['SurehookError', 'OrganizationMismatch', false, expect.any(String)],
    ['SurehookError', 'ResourceNotFoundException', true, expect.any(String)],
    true,
  ]);
});

test('in asyncio many are taken at a time, each once, and a refusal is raised at once', async () => {
  const answers = await answersOf(`
async def main():
    requests = [request(webhook_node_id=f"n{n % 30}") for n in range(60)]
    answers = await asyncio.gather(*(enqueue_async(NAME, one) for one in requests))
    refused = await asyncio.gather(enqueue_async(NAME, request(max_attempts=0)), return_exceptions=True)
    return [sum(one["created"] for one in answers), len({one["delivery_uuid"] for one in answers}), refused[0].name]
show(asyncio.run(main()))`);
  expect(answers).toEqual([[30, 30, 'InvalidRequest']]);
});

test('in asyncio what fails for the moment is tried again', async () => {
  const answers = await answersOf(`
calls = []
once = enqueue
def enqueue(name, given):
    calls.append(1)
    if len(calls) == 1:
        raise SurehookError("TemporaryFailure", "the database is unavailable")
    return once(name, given)
show(asyncio.run(enqueue_async(NAME, request(webhook_node_id="later"))))
show(len(calls))`);
  expect(answers).toMatchObject([{ created: true }, 2]);
});

test('NaN is refused before anything is sent, and by Lambda where a caller allows it', async () => {
  const answers = await answersOf(`
show(told(enqueue, NAME, request(payload=float("nan"))))
dumps = json.dumps
json.dumps = lambda given, allow_nan: dumps(given)
answer = told(enqueue, NAME, request(payload=float("nan")))
json.dumps = dumps
show(answer)`);
  expect(answers).toEqual([
    ['ValueError', null, null, expect.stringContaining('JSON compliant')],
    ['SurehookError', expect.any(String), true, expect.stringContaining('InvalidRequestContentException')],
  ]);
});
