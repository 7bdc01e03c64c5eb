// Real: everything, as in deliveries.test.ts. A canary stands in every place a tenant or a receiver can put a secret into;
// every outcome runs; then all that is kept, said or counted is searched for them in every usual spelling.
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { createPrivateKey, randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aDelivery } from './a-delivery.ts';
import { base64, found, spellings } from './canary-search.ts';
import { certificate } from '../support/receivers/hostile-receivers.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { RunningStack } from '../support/stack/running-stack.ts';

const ORGANIZATION = 7;

/** Of one credential field each: nowhere but in Secrets Manager and in the request. */
const credentialCanaries: string[] = [];
/** Of URL, headers, payload and context: in their own columns and in the request only. */
const tenantCanaries: string[] = [];

let stack: RunningStack;
let receiver: RecordingReceiver;
let issuer: RecordingReceiver;
let refusals: string[];
let closedPort: number;

/** Characters that every encoding changes. */
function canary(list: string[]): string {
  const value = `canary"/+${randomBytes(12).toString('hex')}&=`;
  list.push(value);
  return value;
}

/** Without characters that HTTP, a URL or base64 would refuse. */
function plainCanary(list: string[]): string {
  const value = `canary${randomBytes(12).toString('hex')}`;
  list.push(value);
  return value;
}

const secret = () => canary(credentialCanaries);

/** What the token endpoint makes of each client: a token, and what no server should say. */
const ISSUED: readonly ((token: string, asked: string) => { status: number; body: string })[] = [
  (access_token) => ({ status: 200, body: JSON.stringify({ access_token, token_type: 'Bearer', expires_in: 3600 }) }),
  (access_token, asked) => ({ status: 200, body: `{"access_token":"${access_token}\\r\\n","you_sent":"${asked}"}` }),
  (token, asked) => ({ status: 401, body: JSON.stringify({ error: token, error_description: `${token} ${asked}` }) }),
  (token, asked) => ({ status: 503, body: `${token} ${asked}` }),
];

/** Of what its receiver gets the token alone; the rest is what its token endpoint gets, and what stands in the secret. */
function oauthClient(issues: number, authentication: 'basic' | 'body'): object {
  return {
    credential_type: 'oauth2_client_credentials',
    credential_data: {
      token_url: issuer.url(`/${issues}`),
      client_id: 'a client',
      client_secret: secret(),
      client_authentication: authentication,
    },
  };
}

/** A certificate whose key is its own, so that the key's text is a canary; encrypted, so that it has another and a passphrase. */
function clientCertificate(change: object = {}): object {
  const { cert, key } = certificate('client-only');
  const passphrase = secret();
  const private_key = createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
  for (const line of [...key.split('\n'), ...private_key.split('\n')]) {
    if (line.length === 64) credentialCanaries.push(line);
  }
  return { credential_type: 'none', client_certificate: { certificate: cert, private_key, passphrase, ...change } };
}

const CREDENTIALS: readonly (() => object)[] = [
  () => oauthClient(0, 'basic'),
  () => oauthClient(1, 'body'),
  () => oauthClient(2, 'basic'),
  () => oauthClient(3, 'body'),
  // Refused for a receiver without TLS, and each in OpenSSL's words.
  () => clientCertificate(),
  () => clientCertificate({ passphrase: secret() }),
  () => clientCertificate({ private_key: `-----BEGIN PRIVATE KEY-----\n${secret()}\n-----END PRIVATE KEY-----` }),
  () => clientCertificate({ certificate: `-----BEGIN CERTIFICATE-----\n${secret()}\n-----END CERTIFICATE-----` }),
  () => ({ credential_type: 'bearer_token', credential_data: { token: secret() } }),
  () => ({ credential_type: 'api_key', credential_data: { header_name: 'X-Key', api_key: secret() } }),
  () => ({ credential_type: 'basic_auth', credential_data: { username: secret(), password: secret() } }),
  () => ({ credential_type: 'custom_header', credential_data: { header_name: 'X-Door', header_value: secret() } }),
  // Malformed, each in its own way.
  () => ({ credential_type: 'bearer_token', credential_data: { token: `${secret()}\r\nX-Injected: 1` } }),
  () => ({ credential_type: secret(), credential_data: { token: secret() } }),
  () => ({ credential_type: 'none', credential_data: {}, signing_secrets: [`whsec_${secret()}`] }),
];

/** What a receiver may make of what it got; the excerpt is short, so each answer holds one. */
const ECHOES: readonly ((text: string) => object)[] = [
  () => ({}),
  (text) => ({ bytes: [...Buffer.from(text.slice(0, 150))] }),
  (text) => ({ twice: base64(base64(text)) }),
  (text) => ({ loud: text.toUpperCase() }),
  (text) => ({
    hex: Buffer.from(text)
      .toString('hex')
      .replaceAll(/..(?=.)/g, '$&:'),
  }),
];
let turn = 0;

/** Each path of the receiver is one outcome; where it answers, it echoes what the credential made of the request. */
const OUTCOMES = ['accepted', 'refused', 'transient', 'unauthorized', 'hung-up', 'nobody-there', 'forbidden'] as const;

beforeAll(async () => {
  stack = await RunningStack.start({
    WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '2',
    WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: '1',
    WEBHOOK_DELIVERY_MAX_ATTEMPTS: '2',
    // Every delivery ends by itself; of an endpoint that is down they would wait for it.
    WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES: '0',
    // The one setting under which any value of a payload may stand in a line.
    WEBHOOK_LOG_PAYLOAD: 'values',
  });
  receiver = await RecordingReceiver.open(({ path, headers }) => {
    const sent = credentialHeaders(headers);
    const echo = JSON.stringify({ 'you sent': sent, ...ECHOES[turn++ % ECHOES.length]?.(JSON.stringify(sent)) });
    if (path.startsWith('/refused')) return { status: 404, body: echo };
    if (path.startsWith('/transient')) return { status: 503, body: echo };
    if (path.startsWith('/unauthorized')) return { status: 401, body: echo };
    if (path.startsWith('/hung-up')) throw new Error('hang up');
    return { status: 200, body: echo };
  });
  issuer = await RecordingReceiver.open(({ path, headers, body }) => {
    const answer = ISSUED[Number(path.slice(1))];
    return answer?.(plainCanary(credentialCanaries), base64(`${headers.authorization} ${body.toString()}`)) ?? 404;
  });
  const gone = await RecordingReceiver.open();
  closedPort = gone.port;
  await gone[Symbol.asyncDispose]();
  refusals = await runEveryOutcome();
});

afterAll(async () => {
  await stack.dispose();
  await receiver[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

describe('a secret that a tenant or receiver handles', () => {
  it('was really sent: the canaries reached the receiver', () => {
    const sent = receiver.received
      .flatMap(({ headers, body }) => [JSON.stringify(headers), body.toString()])
      .join('\n');
    const plain = tenantCanaries.filter(
      (value) => sent.includes(value) || sent.includes(JSON.stringify(value).slice(1, -1)),
    );
    expect(plain.length).toBeGreaterThan(20);
    expect(receiver.received.length).toBeGreaterThan(20);
    expect(receiver.received.some(({ headers }) => headers.authorization?.startsWith('Bearer canary') === true)).toBe(
      true,
    );
    // Each way of asking, and each answer.
    expect(new Set(issuer.received.map(({ path }) => path))).toEqual(new Set(['/0', '/1', '/2', '/3']));
  });

  it('of a credential is in no row, message, log line, metric, error or file but that of Secrets Manager', async () => {
    const places = await everyPlace();
    expect(found(credentialCanaries, places)).toEqual([]);
  });

  it('of a URL, header, payload or context is in its own column, and nowhere else', async () => {
    const places = await everyPlace({ withoutOwnColumns: true });
    expect(found(tenantCanaries, places)).toEqual([]);
  });

  it('would have been found: the search knows every spelling it looks for', () => {
    for (const spelling of [...spellings('canary"/+x&='), base64(base64('before canary"/+x&='))]) {
      expect(found(['canary"/+x&='], new Map([['here', `before ${spelling} after`]]))).toEqual(['here']);
    }
  });
});

async function runEveryOutcome(): Promise<string[]> {
  const enqueued: number[] = [];
  const errors: string[] = [];
  for (const outcome of OUTCOMES) {
    for (const makeCredential of CREDENTIALS) {
      const credential_uuid = randomUUID();
      await stack.secrets.send(
        new CreateSecretCommand({
          Name: `webhook-credentials/${ORGANIZATION}/${credential_uuid}`,
          SecretString: JSON.stringify(makeCredential()),
        }),
      );
      const { delivery_id } = await stack.enqueue(tenantRequest(outcome, credential_uuid));
      enqueued.push(delivery_id);
    }
  }
  await forbid(enqueued.slice(-CREDENTIALS.length));
  for (const id of enqueued) await stack.over(id);
  errors.push(...(await refusedRequests()));
  return errors;
}

function urlOf(outcome: (typeof OUTCOMES)[number]): string {
  const query = `token=${plainCanary(tenantCanaries)}`;
  if (outcome === 'nobody-there') return `http://127.0.0.1:${closedPort}/${plainCanary(tenantCanaries)}?${query}`;
  return `${receiver.url(`/${outcome}`)}/${plainCanary(tenantCanaries)}?${query}`;
}

/** Turns deliveries that wait into ones for an address inside, as a name would that resolves to it: judged, never dialled. */
async function forbid(ids: readonly number[]): Promise<void> {
  await stack.change(
    `update webhook_deliveries
     set endpoint_url = replace(endpoint_url, '127.0.0.1', '10.0.0.1'), scheduled_for = now() - interval '1 second'
     where id in (${ids.join(',')})`,
  );
  await stack.invoke('sweep', { messages_lost: true });
}

/** Of the headers those that stand in no column: they are the credential's. */
function credentialHeaders(headers: Readonly<Record<string, unknown>>): object {
  const names = new Set(['authorization', 'x-key', 'x-door', 'webhook-signature']);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.has(name)));
}

function tenantRequest(outcome: (typeof OUTCOMES)[number], credential_uuid: string): Record<string, unknown> {
  return aDelivery({
    endpoint_url: urlOf(outcome),
    credential_uuid,
    organization_id: ORGANIZATION,
    custom_headers: [{ key: 'X-Trace', value: plainCanary(tenantCanaries) }],
    payload_template: {
      password: canary(tenantCanaries),
      contact: { email: `${plainCanary(tenantCanaries)}@example.com`, phone: canary(tenantCanaries) },
      link: `https://example.com/${plainCanary(tenantCanaries)}`,
      api_key: '{{secret}}',
      raw: JSON.stringify({ password: canary(tenantCanaries) }),
      form: `user=jane&client_secret=${plainCanary(tenantCanaries)}`,
      request: `Authorization: Basic ${base64(`jane:${canary(tenantCanaries)}`)}`,
      pairs: [['Cookie', plainCanary(tenantCanaries)]],
      kennwort: plainCanary(tenantCanaries),
    },
    render_context: { secret: canary(tenantCanaries) },
    ...(outcome === 'forbidden' ? { scheduled_for: new Date(Date.now() + 3_600_000).toISOString() } : {}),
  });
}

/** Requests that are refused: by invoke, and by way of the intake queue. */
async function refusedRequests(): Promise<string[]> {
  const errors: string[] = [];
  const bad = [
    { endpoint_url: `http://user:${plainCanary(tenantCanaries)}@127.0.0.1/` },
    { endpoint_url: `http://10.0.0.1/${plainCanary(tenantCanaries)}` },
    { endpoint_url: receiver.url(), custom_headers: [{ key: 'X-A', value: `${plainCanary(tenantCanaries)}\r\n` }] },
    { endpoint_url: receiver.url(), custom_headers: [{ key: 'Authorization', value: plainCanary(tenantCanaries) }] },
    { endpoint_url: receiver.url(), payload_json: `{"password":"${plainCanary(tenantCanaries)}"` },
    { endpoint_url: receiver.url(), credential_uuid: plainCanary(tenantCanaries) },
    { endpoint_url: receiver.url(), scheduled_for: plainCanary(tenantCanaries) },
  ];
  for (const fields of bad) errors.push(JSON.stringify(await stack.invoke('enqueue', aDelivery(fields))));
  await stack.sqs.send(
    new SendMessageCommand({
      QueueUrl: stack.queueUrl('intake'),
      MessageBody: JSON.stringify(
        aDelivery({ endpoint_url: 'ftp://x/', payload: { password: plainCanary(tenantCanaries) } }),
      ),
    }),
  );
  const rejected = await stack.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: stack.queueUrl('intakeDeadLetters'),
      MessageAttributeNames: ['All'],
      WaitTimeSeconds: 20,
    }),
  );
  // The body is the caller's own and unchanged; the reasons are ours.
  errors.push(JSON.stringify(rejected.Messages?.map(({ MessageAttributes }) => MessageAttributes)));
  return errors;
}

const OWN_COLUMNS = new Set(['endpoint_url', 'custom_headers', 'payload']);

/** Everything that is kept, said or counted, by the name of its place. */
async function everyPlace({ withoutOwnColumns = false } = {}): Promise<Map<string, string>> {
  const places = new Map<string, string>([['errors', refusals.join('\n')]]);
  for (const table of ['webhook_deliveries', 'webhook_delivery_attempts', 'workflows', 'workflow_runs']) {
    for (const column of await columnsOf(table)) {
      if (withoutOwnColumns && OWN_COLUMNS.has(column)) continue;
      const rows = await stack.rows<{ value: string | null }>(`select cast(${column} as text) as value from ${table}`);
      places.set(`${table}.${column}`, rows.map(({ value }) => value ?? '').join('\n'));
    }
  }
  for (const file of readdirSync(stack.dataDir)) {
    const path = join(stack.dataDir, file);
    if (file !== 'secrets.json' && statSync(path).isFile()) places.set(file, readFileSync(path, 'latin1'));
  }
  places.set('postgres.log', readFileSync(join(stack.dataDir, 'postgres', 'postgres.log'), 'latin1'));
  places.set('terminal', stack.process.output);
  for (const role of ['delivery', 'deliveryDeadLetters']) {
    const { Messages } = await stack.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: stack.queueUrl(role),
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
        WaitTimeSeconds: 0,
      }),
    );
    places.set(`queue ${role}`, JSON.stringify(Messages ?? []));
  }
  return places;
}

async function columnsOf(table: string): Promise<string[]> {
  const rows = await stack.rows<{ name: string }>(
    'select cast(column_name as text) as name from information_schema.columns where table_name = :table',
    { table },
  );
  return rows.map(({ name }) => name);
}
