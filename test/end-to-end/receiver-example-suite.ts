import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { freePort } from '../../local/free-port.ts';
import { ExampleProcess, exported } from '../support/stack/example-process.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

/** A receiver and a caller of `examples/`, each as the words of its command; the caller's get URL, credential and run. */
type Pair = {
  what: string;
  receiver: readonly string[];
  caller: (url: string, credential: string, run: string) => string[];
};

/** What a receiver of `examples/` has to do, whatever it is written in. */
export function describeReceiverExample(stackOf: () => RunningStack, { what, receiver, caller }: Pair): void {
  test(`${what}: a webhook that was handed over is received and verified, once; a forged or an old one is refused`, async () => {
    const stack = stackOf();
    const port = await freePort();
    const key = randomBytes(24);
    const env = { SIGNING_SECRET: `whsec_${key.toString('base64')}`, PORT: String(port) };
    await using receiving = new ExampleProcess(receiver, env);
    await receiving.line(/^ready$/);
    const url = `http://127.0.0.1:${port}/hooks`;

    const credential = await signingCredential(stack, env.SIGNING_SECRET);
    await using calling = new ExampleProcess(caller(url, credential, String(port)), exported(stack.endpoints));
    const answer: { delivery_id: number; delivery_uuid: string } = JSON.parse(await calling.line(/^\{/));
    expect(await calling.ended()).toMatchObject({ code: 0 });
    expect(await stack.over(answer.delivery_id)).toMatchObject({ status: 'succeeded', last_status_code: 204 });
    const received = await receiving.line(new RegExp(`^${answer.delivery_uuid} `));
    expect(JSON.parse(received.slice(37))).toMatchObject({ greeting: expect.stringMatching(/^Hello /) });

    const now = Math.floor(Date.now() / 1000);
    const body = '{"greeting":"Hello again"}';
    const statuses = [
      await post(url, { body, id: 'new', timestamp: now, key }),
      await post(url, { body, id: 'new', timestamp: now, key }),
      await post(url, { body, id: 'old', timestamp: now - 301, key }),
      await post(url, { body, id: 'early', timestamp: now + 400, key }),
      await post(url, { body, id: 'forged', timestamp: now, key: randomBytes(24) }),
      (await fetch(url, { method: 'POST', body })).status,
    ];
    expect(statuses).toEqual([204, 204, 401, 401, 401, 401]);
    expect(receiving.lines.slice(1).map((line) => line.split(' ')[0])).toEqual([answer.delivery_uuid, 'new']);
  });
}

async function signingCredential(stack: RunningStack, secret: string): Promise<string> {
  const uuid = randomUUID();
  await stack.secrets.send(
    new CreateSecretCommand({
      Name: `webhook-credentials/1/${uuid}`,
      SecretString: JSON.stringify({ credential_type: 'none', credential_data: {}, signing_secrets: [secret] }),
    }),
  );
  return uuid;
}

async function post(
  url: string,
  { body, id, timestamp, key }: { body: string; id: string; timestamp: number; key: Buffer },
): Promise<number> {
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,AAAA v1,${signature}`,
  };
  return (await fetch(url, { method: 'POST', body, headers })).status;
}
