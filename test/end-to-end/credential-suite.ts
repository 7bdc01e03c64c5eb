import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { TLSSocket } from 'node:tls';
import { describe, it } from 'vitest';
import { aDelivery } from './a-delivery.ts';
import { invokeRecorded, sqsEvent } from './recorded-function.ts';
import { answering, authorities, certificate, HostileReceiver } from '../support/receivers/hostile-receivers.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

/** Of every delivery of this bench. */
const ORGANIZATION = 7;

const CREDENTIALS: { what: string; credential: object; header: [name: string, value: string] }[] = [
  {
    what: 'a bearer token',
    credential: { credential_type: 'bearer_token', credential_data: { token: 'tok-1' } },
    header: ['authorization', 'Bearer tok-1'],
  },
  {
    what: 'an API key',
    credential: { credential_type: 'api_key', credential_data: { api_key: 'key-1' } },
    header: ['x-api-key', 'key-1'],
  },
  {
    what: 'user and password',
    credential: { credential_type: 'basic_auth', credential_data: { username: 'jörg', password: 'pä:ss' } },
    header: ['authorization', `Basic ${Buffer.from('jörg:pä:ss').toString('base64')}`],
  },
  {
    what: 'a header of its own',
    credential: { credential_type: 'custom_header', credential_data: { header_name: 'X-Door', header_value: 'open' } },
    header: ['x-door', 'open'],
  },
];

export function describeCredentials(stackOf: () => RunningStack): void {
  describe.concurrent('a delivery with a credential', () => {
    it.for(CREDENTIALS)('brings $what to its receiver', async ({ credential, header }, { expect }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const credential_uuid = await createCredential(stack, credential);

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), credential_uuid }));
      await stack.over(delivery_id);

      expect(receiver.received.map(({ headers }) => headers[header[0]])).toEqual([header[1]]);
    });

    it('carries the new value with its next attempt when the secret was rotated under it', async ({ expect }) => {
      const stack = stackOf();
      const bearer = (token: string) => ({ credential_type: 'bearer_token', credential_data: { token } });
      const credential_uuid = await createCredential(stack, bearer('old'));
      await using receiver = await RecordingReceiver.open(async ({ headers }) => {
        if (headers.authorization === 'Bearer new') return 200;
        await stack.secrets.send(
          new PutSecretValueCommand({
            SecretId: secretName(ORGANIZATION, credential_uuid),
            SecretString: JSON.stringify(bearer('new')),
          }),
        );
        return 401;
      });

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), credential_uuid }));
      const row = await stack.over(delivery_id);

      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 2 });
      expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
      expect(await stack.attempts(delivery_id)).toMatchObject([{ error_class: 'credential_rotated' }, {}]);
    });

    it('is a dead letter when the receiver refuses a secret that nobody has rotated', async ({ expect }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open(() => 401);
      const credential_uuid = await createCredential(stack, {
        credential_type: 'bearer_token',
        credential_data: { token: 'wrong' },
      });

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), credential_uuid }));

      expect(await stack.over(delivery_id)).toMatchObject({ status: 'dead_letter', attempt_count: 1 });
    });

    it('is not sent without it, and is when it is created late', async ({ expect }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const credential_uuid = randomUUID();
      const request = aDelivery({ endpoint_url: receiver.url(), credential_uuid, max_attempts: 20 });

      const { delivery_id } = await stack.enqueue(request);
      const [failed] = await stack.log.until(async () => {
        const attempts = await stack.attempts(delivery_id);
        return attempts.length > 0 ? attempts : undefined;
      });
      const connectionsBefore = receiver.connections;
      await createCredential(
        stack,
        { credential_type: 'bearer_token', credential_data: { token: 'late' } },
        credential_uuid,
      );
      const row = await stack.over(delivery_id);

      expect(failed).toMatchObject({ error_class: 'credential_missing', status_code: null });
      expect(connectionsBefore).toBe(0);
      expect(row.status).toBe('succeeded');
      expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer late']);
    });

    it('is not sent while its secret is malformed, and is when somebody mends it', async ({ expect }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const credential_uuid = await createCredential(stack, { credential_type: 'bearer_token', credential_data: {} });
      const request = aDelivery({ endpoint_url: receiver.url(), credential_uuid, max_attempts: 20 });

      const { delivery_id } = await stack.enqueue(request);
      const [failed] = await stack.log.until(async () => {
        const attempts = await stack.attempts(delivery_id);
        return attempts.length > 0 ? attempts : undefined;
      });
      const connectionsBefore = receiver.connections;
      // As the key/value editor of the AWS console writes it.
      const mended = { credential_type: 'bearer_token', credential_data: '{"token":"Bearer mended\\n"}' };
      await stack.secrets.send(
        new PutSecretValueCommand({
          SecretId: secretName(ORGANIZATION, credential_uuid),
          SecretString: `\ufeff${JSON.stringify(mended)}`,
        }),
      );
      const row = await stack.over(delivery_id);

      expect(failed).toMatchObject({ error_class: 'credential_invalid', status_code: null });
      expect(connectionsBefore).toBe(0);
      expect(row.status).toBe('succeeded');
      expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer mended']);
    });

    it('never asks for the secret of another organization', async ({ expect }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const credential_uuid = await createCredential(
        stack,
        { credential_type: 'bearer_token', credential_data: { token: 'theirs' } },
        randomUUID(),
        8,
      );
      const { answer } = await invokeRecorded(
        stack,
        'enqueue',
        // Far ahead, and once: the stack's own workers leave it to the one that is recorded.
        aDelivery({ endpoint_url: receiver.url(), credential_uuid, scheduled_for: inOneHour(), max_attempts: 1 }),
      );
      const { delivery_id } = answer as { delivery_id: number };
      await stack.change('update webhook_deliveries set scheduled_for = now() where id = :id', { id: delivery_id });

      const message = { v: 1, delivery_id, attempt: 1, remaining_seconds: 0 };
      const { calls } = await invokeRecorded(stack, 'deliver', sqsEvent([message]));

      const asked = calls.flatMap(({ service, input }) => (service === 'secretsmanager' ? [input['SecretId']] : []));
      expect(asked).toEqual([secretName(ORGANIZATION, credential_uuid)]);
      expect(await stack.attempts(delivery_id)).toMatchObject([{ error_class: 'credential_missing' }]);
      expect(receiver.connections).toBe(0);
    });

    it('brings an access token, and another one after the first was withdrawn', async ({ expect }) => {
      const stack = stackOf();
      await using issuer = await tokenEndpoint();
      await using receiver = await RecordingReceiver.open(({ headers }) =>
        headers.authorization === 'Bearer token-1' ? 401 : 200,
      );
      const credential_uuid = await createCredential(stack, oauthClient(issuer));

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), credential_uuid }));
      const row = await stack.over(delivery_id);

      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 2 });
      expect(receiver.received.map(({ headers }) => headers.authorization)[0]).toBe('Bearer token-1');
      expect(issuer.received.map(({ body }) => body.toString())).toContain('grant_type=client_credentials&scope=hooks');
      expect(await stack.attempts(delivery_id)).toMatchObject([
        { error_class: 'credential_rotated', status_code: 401 },
        { error_class: null },
      ]);
    });

    it('is not sent while its token endpoint fails, and is when that works again', async ({ expect }) => {
      const stack = stackOf();
      await using issuer = await tokenEndpoint();
      const { behaviour } = issuer;
      issuer.behaviour = () => ({ status: 503, body: '{"error":"temporarily_unavailable"}' });
      await using receiver = await RecordingReceiver.open();
      const credential_uuid = await createCredential(stack, oauthClient(issuer));
      const request = aDelivery({ endpoint_url: receiver.url(), credential_uuid, max_attempts: 20 });

      const { delivery_id } = await stack.enqueue(request);
      const [failed] = await stack.log.until(async () => {
        const attempts = await stack.attempts(delivery_id);
        return attempts.length > 0 ? attempts : undefined;
      });
      const connectionsBefore = receiver.connections;
      issuer.behaviour = behaviour;
      const row = await stack.over(delivery_id);

      expect(failed).toMatchObject({ error_class: 'credential_missing', status_code: null });
      const [attempt] = await stack.rows<{ error: string }>(
        `select error from webhook_delivery_attempts where delivery_id = ${delivery_id} and attempt = 1`,
      );
      const origin = new URL(issuer.url()).origin;
      expect(attempt?.error).toBe(
        `credential_missing: the secret ${secretName(ORGANIZATION, credential_uuid)}: no access token from ${origin}: status 503, temporarily_unavailable`,
      );
      expect(connectionsBefore).toBe(0);
      expect(row.status).toBe('succeeded');
    });

    it('shares one access token with nineteen others of its worker, and shows a client certificate', async ({
      expect,
    }) => {
      const stack = stackOf();
      await using issuer = await tokenEndpoint();
      const { cert, key } = certificate('client-only');
      const shown: (string | undefined)[] = [];
      await using receiver = await HostileReceiver.open(
        {
          ...answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
          connected: (socket) => {
            if (socket instanceof TLSSocket) shown.push(socket.getPeerX509Certificate()?.subject);
          },
        },
        { ...certificate('good'), ca: [...authorities], requestCert: true },
      );
      const credential_uuid = await createCredential(stack, {
        ...oauthClient(issuer),
        client_certificate: { certificate: cert, private_key: key },
      });
      const ids = await enqueueForLater(stack, 20, {
        endpoint_url: `https://127.0.0.1:${receiver.port}/hook`,
        credential_uuid,
      });

      const messages = ids.map((delivery_id) => ({ v: 1, delivery_id, attempt: 1, remaining_seconds: 0 }));
      await invokeRecorded(stack, 'deliver', sqsEvent(messages), { authorities });

      const rows = await stack.rows<{ status: string }>(
        `select cast(status as text) as status from webhook_deliveries where id in (${ids.join(',')})`,
      );
      expect(rows.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'));
      expect(issuer.received).toHaveLength(1);
      expect(receiver.requests).toHaveLength(20);
      expect(receiver.begun.every((head) => head.includes('\r\nAuthorization: Bearer token-1\r\n'))).toBe(true);
      expect(new Set(shown)).toEqual(new Set(['CN=receiver.example.com']));
    });

    it('is signed with every signing secret, afresh for each attempt, over the bytes that are sent', async ({
      expect,
    }) => {
      const stack = stackOf();
      const keys = ['a first key of thirty-two bytes!!', 'a second, for the rotation, too!'].map(
        (key) => `whsec_${Buffer.from(key).toString('base64')}`,
      );
      const credential_uuid = await createCredential(stack, {
        credential_type: 'none',
        credential_data: {},
        signing_secrets: keys,
      });
      await using receiver = await RecordingReceiver.open((_, nth) => (nth === 1 ? 500 : 200));
      const request = aDelivery({ endpoint_url: receiver.url(), credential_uuid, payload: { größe: '😀' } });

      const { delivery_id, delivery_uuid } = await stack.enqueue(request);
      await stack.over(delivery_id);

      expect(receiver.received).toHaveLength(2);
      for (const { headers, body } of receiver.received) {
        expect(headers['webhook-id']).toBe(delivery_uuid);
        for (const key of keys) {
          const verified = new Webhook(key).verify(body.toString(), headers as Record<string, string>);
          expect(verified).toEqual({ größe: '😀' });
        }
      }
      const [first, second] = receiver.received.map(({ headers }) => headers['webhook-timestamp']);
      expect(second).not.toBe(first);
    });
  });
}

function secretName(organizationId: number, uuid: string): string {
  return `webhook-credentials/${organizationId}/${uuid}`;
}

async function createCredential(
  stack: RunningStack,
  credential: object,
  uuid: string = randomUUID(),
  organizationId = ORGANIZATION,
): Promise<string> {
  await stack.secrets.send(
    new CreateSecretCommand({ Name: secretName(organizationId, uuid), SecretString: JSON.stringify(credential) }),
  );
  return uuid;
}

/** Numbers its tokens. */
function tokenEndpoint(): Promise<RecordingReceiver> {
  let issued = 0;
  return RecordingReceiver.open(() => {
    issued += 1;
    return { status: 200, body: JSON.stringify({ access_token: `token-${issued}`, expires_in: 3600 }) };
  });
}

function oauthClient(issuer: RecordingReceiver): object {
  return {
    credential_type: 'oauth2_client_credentials',
    credential_data: { token_url: issuer.url('/token'), client_id: 'i', client_secret: 's', scope: 'hooks' },
  };
}

/** Deliveries that are due, and that no worker of the stack hears of. */
async function enqueueForLater(
  stack: RunningStack,
  count: number,
  fields: { endpoint_url: string; credential_uuid: string },
): Promise<number[]> {
  const deliveries = Array.from({ length: count }, () =>
    aDelivery({ ...fields, scheduled_for: inOneHour(), max_attempts: 1 }),
  );
  const { answer } = await invokeRecorded(stack, 'enqueue', { deliveries });
  const ids = (answer as { results: { delivery_id: number }[] }).results.map(({ delivery_id }) => delivery_id);
  await stack.change(`update webhook_deliveries set scheduled_for = now() where id in (${ids.join(',')})`);
  return ids;
}

function inOneHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}
