// Real: the front door on a loopback port, and raw HTTP requests. The services behind it are stubs that say their name.
import { request } from 'node:http';
import { afterEach, expect, it } from 'vitest';
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

it('names a service that is not here', async () => {
  expect(await ask({ port: await open(), headers: signed('dynamodb') })).toEqual({
    status: 404,
    text: 'no service dynamodb here\n',
  });
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
});

it('says in one line that a port is taken', async () => {
  const port = await open();
  await expect(openFrontDoor(port)).rejects.toThrow(`port ${port} on 127.0.0.1 is taken: choose another with PORT=…`);
});
