// Real: the front door on a loopback port, and raw HTTP requests. The services behind it are stubs that say their name.
import { request } from 'node:http';
import { cbor } from '@smithy/core/cbor';
import { afterEach, describe, expect, it } from 'vitest';
import type { AwsService } from '../../local/aws/aws-service.ts';
import { type FrontDoor, openFrontDoor } from '../../local/twin/front-door.ts';

const doors: FrontDoor[] = [];

afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
});

const saysItsName =
  (name: string): AwsService =>
  async ({ accessKeyId, body }) => ({ status: 200, headers: {}, body: `${name} ${accessKeyId} ${body.byteLength}` });

async function open(): Promise<number> {
  const door = await openFrontDoor(0);
  doors.push(door);
  door.open({
    services: { sqs: saysItsName('sqs'), lambda: saysItsName('lambda') },
    pages: [
      (_, response) => {
        response.end('a page');
        return true;
      },
    ],
  });
  return door.port;
}

type Asked = { port: number; headers?: Record<string, string>; body?: Buffer };

function ask({ port, headers = {}, body }: Asked): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const signed = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`,
});

it('tells the services apart by the credential scope, whatever the signature', async () => {
  const port = await open();
  expect(await ask({ port, headers: signed('sqs') })).toEqual({ status: 200, text: 'sqs AKID 0' });
  expect(await ask({ port, headers: signed('lambda') })).toEqual({ status: 200, text: 'lambda AKID 0' });
});

it('shows pages to whoever signs nothing', async () => {
  expect(await ask({ port: await open() })).toEqual({ status: 200, text: 'a page' });
});

it('refuses a name that is not loopback, so that a page elsewhere cannot reach it by a name of its own', async () => {
  const port = await open();
  for (const host of ['evil.example', `127.0.0.1.evil.example:${port}`, '10.0.0.1', 'localhost.evil.example']) {
    expect((await ask({ port, headers: { host, ...signed('sqs') } })).status).toBe(403);
    expect((await ask({ port, headers: { host } })).status).toBe(403);
  }
  for (const host of [`localhost:${port}`, `[::1]:${port}`, `127.0.0.1:${port}`]) {
    expect((await ask({ port, headers: { host } })).status).toBe(200);
  }
});

it('refuses an AWS call that a page makes', async () => {
  const port = await open();
  expect((await ask({ port, headers: { origin: 'http://127.0.0.1', ...signed('sqs') } })).status).toBe(403);
});

describe('a service that is not here is named in the protocol of the request', () => {
  const sentence = 'The local stack has no service dynamodb. Here are: lambda, sqs.';

  it.each([
    {
      protocol: 'AWS JSON',
      service: 'dynamodb',
      headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem', 'content-type': 'application/x-amz-json-1.0' },
      body: '{}',
      text: JSON.stringify({ __type: 'UnknownService', message: sentence }),
    },
    {
      protocol: 'a REST API in JSON',
      service: 'dynamodb',
      headers: {},
      body: '',
      text: JSON.stringify({ message: sentence, Message: sentence }),
    },
    {
      protocol: 'the query protocol',
      service: 'dynamodb',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: 'Action=Publish&Version=2010-03-31',
      text: `<Error><Type>Sender</Type><Code>UnknownService</Code><Message>${sentence}</Message></Error>`,
    },
    {
      protocol: "EC2's own",
      service: 'ec2',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=DescribeVpcs',
      text: '<Response><Errors><Error><Code>UnknownService</Code>',
    },
    { protocol: 'a REST API in XML', service: 's3', headers: {}, body: '', text: '<Error><Code>UnknownService</Code>' },
  ])('$protocol', async ({ service, headers, body, text }) => {
    const port = await open();
    const answer = await ask({ port, headers: { ...signed(service), ...headers }, body: Buffer.from(body) });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(text);
  });

  it('CBOR', async () => {
    const headers = { ...signed('monitoring'), 'smithy-protocol': 'rpc-v2-cbor' };
    const response = await fetch(`http://127.0.0.1:${await open()}/service/Any/operation/Any`, {
      method: 'POST',
      headers,
    });
    const said: unknown = cbor.deserialize(new Uint8Array(await response.arrayBuffer()));
    expect(said).toMatchObject({ __type: 'UnknownService', message: expect.stringContaining('no service monitoring') });
  });
});

it('gives every answer of an AWS API a request id', async () => {
  const port = await open();
  for (const service of ['sqs', 'dynamodb']) {
    const { headers } = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: signed(service) });
    expect(headers.get('x-amzn-requestid')).toMatch(/^[\da-f-]{36}$/);
  }
});

it('knows the service of a presigned request', async () => {
  const credential = encodeURIComponent('AKID/20261123/us-east-1/sqs/aws4_request');
  const response = await fetch(`http://127.0.0.1:${await open()}/?X-Amz-Credential=${credential}`);
  expect(await response.text()).toBe('sqs AKID 0');
});

it('answers a request that is too large, and goes on', async () => {
  const port = await open();
  const body = Buffer.alloc(9 * 1024 * 1024);
  expect((await ask({ port, headers: signed('lambda'), body })).status).toBe(413);
  expect((await ask({ port, headers: signed('lambda'), body: Buffer.alloc(10) })).text).toBe('lambda AKID 10');
});

it('asks to wait until it is opened', async () => {
  const door = await openFrontDoor(0);
  doors.push(door);
  expect(await ask({ port: door.port })).toEqual({ status: 503, text: 'surehook is starting\n' });
  const headers = { ...signed('sqs'), 'content-type': 'application/x-www-form-urlencoded' };
  expect(await ask({ port: door.port, headers, body: Buffer.from('Action=ListQueues') })).toMatchObject({
    status: 503,
    text: expect.stringContaining('<Message>surehook is starting</Message>'),
  });
});

it('says in one line that a port is taken', async () => {
  const port = await open();
  await expect(openFrontDoor(port)).rejects.toThrow(`port ${port} on 127.0.0.1 is taken: choose another with PORT=…`);
});
