import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as forward, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { RunningStack } from '../support/stack/running-stack.ts';

/** One call of an AWS API: the service of its credential scope, its operation, and what it asked for. */
export type RecordedCall = { service: string; operation: string; input: Record<string, unknown> };

/** Loads a bundle as Lambda's runtime does and gives its handler one event. */
const RUNNER = `
import tls from 'node:tls';
const [file, event, authorities] = process.argv.slice(1);
if (authorities !== '[]') tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...JSON.parse(authorities)]);
const { handler } = await import(file);
const endsAt = Date.now() + 300_000;
const answer = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => endsAt - Date.now() });
process.stderr.write(JSON.stringify(answer ?? null));
process.exit(0);
`;

/**
 * Runs one invocation of a function's bundle with its own environment, in a process of its own, and keeps every call it
 * makes to AWS on the way to the stack. So one can see what a message says that nobody can receive yet.
 * @param options `authorities`: PEM of those whom the process trusts beside the public ones; a function of the stack refuses any
 */
export async function invokeRecorded(
  stack: RunningStack,
  role: string,
  event: unknown,
  options: { authorities?: readonly string[] } = {},
): Promise<{ answer: unknown; calls: RecordedCall[] }> {
  const calls: RecordedCall[] = [];
  const recorder = createServer((request, response) => void pass(request, response, { stack, calls }));
  await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve));
  const recorderUrl = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`;
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      RUNNER,
      pathToFileURL(bundleOf(stack, role)).href,
      ...[event, options.authorities ?? []].map((argument) => JSON.stringify(argument)),
    ],
    {
      env: {
        // The SQS client goes where its queue's URL says.
        ...(await environmentOf(stack, role, recorderUrl)),
        AWS_REGION: stack.endpoints.region,
        AWS_ACCESS_KEY_ID: 'any',
        AWS_SECRET_ACCESS_KEY: 'any',
        AWS_ENDPOINT_URL: recorderUrl,
        AWS_LAMBDA_FUNCTION_NAME: stack.functionName(role),
        HOME: '/nonexistent',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  try {
    const said = await text(child.stderr);
    try {
      return { answer: JSON.parse(said) as unknown, calls };
    } catch {
      throw new Error(`${role} ended without an answer: ${said}`);
    }
  } finally {
    recorder.close();
    recorder.closeAllConnections();
  }
}

/** One event of an SQS event source, with these bodies as its messages. */
export function sqsEvent(bodies: readonly object[]): object {
  const Records = bodies.map((body, index) => ({
    messageId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    receiptHandle: 'none',
    body: JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '1', MessageGroupId: 'organization-7' },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    awsRegion: 'us-east-1',
  }));
  return { Records };
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { stack, calls }: { stack: RunningStack; calls: RecordedCall[] },
): Promise<void> {
  const body = await buffer(request);
  const target = request.headers['x-amz-target'];
  calls.push({
    service: /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '',
    operation: typeof target === 'string' ? (target.split('.').at(-1) ?? '') : (request.url ?? '').slice(1),
    input: JSON.parse(body.toString()) as Record<string, unknown>,
  });
  const url = new URL(request.url ?? '/', stack.endpoints.aws);
  const onwards = forward(url, { method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  onwards.on('error', () => response.destroy());
  onwards.end(body);
}

/** The function's own variables, with this address in place of the stack's. */
async function environmentOf(stack: RunningStack, role: string, address: string): Promise<Record<string, string>> {
  const { aws: endpoint, region } = stack.endpoints;
  const client = new LambdaClient({ endpoint, region, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } });
  const command = new GetFunctionConfigurationCommand({ FunctionName: stack.functionName(role) });
  const { Environment } = await client.send(command);
  client.destroy();
  const variables = Object.entries(Environment?.Variables ?? {});
  return Object.fromEntries(variables.map(([name, value]) => [name, value.replace(endpoint, address)]));
}

type Template = { Resources: Record<string, { Properties?: { Code?: { S3Key?: string } } }> };

/** A physical name is made of the stack's name and the logical id; the resource names the hash of its bundle. */
function bundleOf(stack: RunningStack, role: string): string {
  const assembly = readdirSync(stack.dataDir).find((name) => /^assembly-[0-9a-f]{24}$/.test(name)) ?? '';
  const folder = join(stack.dataDir, assembly);
  const template = JSON.parse(readFileSync(join(folder, 'WebhookDelivery.template.json'), 'utf8')) as Template;
  const logicalId = stack.functionName(role).split('-')[1] ?? '';
  const hash = /^([0-9a-f]{64})\.zip$/.exec(template.Resources[logicalId]?.Properties?.Code?.S3Key ?? '')?.[1];
  if (hash === undefined) throw new Error(`the template has no bundle for ${role}`);
  return join(folder, `asset.${hash}`, 'index.mjs');
}
