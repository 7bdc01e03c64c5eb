import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseSigningSecret, type SigningSecret, signStandardWebhook } from '../../../shared/credentials/signature.ts';

// Real keys and real cryptography; the published vectors of the Standard Webhooks project and its own library verify.

type Vectors = {
  constants: { secret: string; public_ed25519: string; private_ed25519: string };
  sign: {
    name: string;
    secret: string;
    id: string;
    timestamp: number;
    payload?: string;
    payload_repeat?: [string, number];
    expected: string;
  }[];
  verify: {
    name: string;
    secret: string;
    payload: string;
    now: number;
    tolerance_s: number;
    headers: Record<string, string>;
    valid: boolean;
  }[];
  secrets: { secret: string; valid: boolean; why: string }[];
  sign_must_throw: { name: string }[];
};

const vectors = JSON.parse(
  readFileSync(new URL('../../data/standard-webhooks.json', import.meta.url), 'utf8'),
) as Vectors;

function secretOf(text: string): SigningSecret {
  const parsed = parseSigningSecret(text);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.secret;
}

const message = {
  secrets: [secretOf(vectors.constants.secret)],
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampSeconds: 1_614_265_330,
  body: Buffer.from('{"test": 2432232314}'),
};

afterEach(() => {
  vi.useRealTimers();
});

describe('a signature', () => {
  it.each(vectors.sign)('is the published one: $name', ({ secret, id, timestamp, expected, ...vector }) => {
    const [part, times] = vector.payload_repeat ?? [vector.payload ?? '', 1];
    const body = Buffer.from(part.repeat(times));
    expect(signStandardWebhook({ secrets: [secretOf(secret)], id, timestampSeconds: timestamp, body })).toBe(expected);
  });

  it.each(['', 'null', '{"ünï": "cödé 🔐"}', '"\\u0000"'])(
    'is accepted by the standard library for the body %j, and for no other body',
    (body) => {
      const { timestampSeconds } = message;
      // The library compares with the system's clock.
      vi.useFakeTimers({ now: timestampSeconds * 1000, toFake: ['Date'] });
      const headers = {
        'webhook-id': message.id,
        'webhook-timestamp': String(timestampSeconds),
        'webhook-signature': signStandardWebhook({ ...message, body: Buffer.from(body) }),
      };
      const library = new Webhook(vectors.constants.secret);
      expect(() => library.verify(body, headers)).not.toThrow(WebhookVerificationError);
      expect(() => library.verify(`${body} `, headers)).toThrow(WebhookVerificationError);
    },
  );

  it('verifies with the public key when it is ed25519', () => {
    const signature = signStandardWebhook({ ...message, secrets: [secretOf(vectors.constants.private_ed25519)] });
    const raw = Buffer.from(vectors.constants.public_ed25519.replace('whpk_', ''), 'base64');
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    });
    const content = Buffer.from(`${message.id}.${message.timestampSeconds}.${message.body}`);
    expect(signature).toMatch(/^v1a,/);
    expect(verify(null, content, key, Buffer.from(signature.slice(4), 'base64'))).toBe(true);
  });

  it('comes once per secret and in their order, so that two overlap in a rotation', () => {
    const { secret, private_ed25519 } = vectors.constants;
    const secrets = [private_ed25519, secret, 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'].map(secretOf);
    const each = secrets.map((one) => signStandardWebhook({ ...message, secrets: [one] }));
    expect(signStandardWebhook({ ...message, secrets })).toBe(each.join(' '));
    expect(each.map((signature) => signature.split(',')[0])).toEqual(['v1a', 'v1', 'v1']);
  });

  it.each(vectors.verify)('agrees with the published verdict: $name', ({ secret, payload, headers, ...vector }) => {
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const timestamp = Number(sent['webhook-timestamp']);
    const fresh = Math.abs(vector.now - timestamp) <= vector.tolerance_s;
    const ours = () =>
      signStandardWebhook({
        secrets: [secretOf(secret)],
        id: sent['webhook-id'] ?? '',
        timestampSeconds: timestamp,
        body: Buffer.from(payload),
      });
    const signable = sent['webhook-id'] !== undefined && Number.isInteger(timestamp);
    const accepted = signable && fresh && (sent['webhook-signature'] ?? '').split(' ').includes(ours());
    expect(accepted).toBe(vector.valid);
  });

  it.each([
    ['a fraction', 161_426_533.5],
    ['a negative number', -161_426_533],
    ['no number', Number.NaN],
    ['more than seconds can be', 2 ** 53],
  ])('is not made for a timestamp that is %s', (_, timestampSeconds) => {
    expect(() => signStandardWebhook({ ...message, timestampSeconds })).toThrow(RangeError);
  });

  it.each(['161426533.0', 'invalid timestamp', '-161426533'])('is not made for the timestamp text %j', (text) => {
    const untyped: object = { ...message, timestampSeconds: text };
    expect(() => signStandardWebhook(untyped as typeof message)).toThrow(RangeError);
  });

  it.each(['', 'msg.1', 'msg\r\n1', 'msg 1', 'mäg'])('is not made for the id %j', (id) => {
    expect(() => signStandardWebhook({ ...message, id })).toThrow(RangeError);
  });
});

describe('a signing secret', () => {
  it.each(vectors.secrets)('of the published list is valid: $valid ($why)', ({ secret, valid }) => {
    expect(parseSigningSecret(secret).ok).toBe(valid);
  });

  it('is taken from 16 to 128 bytes', () => {
    const ofBytes = (length: number) => parseSigningSecret(`whsec_${Buffer.alloc(length, 7).toString('base64')}`).ok;
    expect([15, 16, 24, 64, 72, 128, 129].map(ofBytes)).toEqual([false, true, true, true, true, true, false]);
  });

  it('may be a bare ed25519 seed, and signs as with its public key beside it', () => {
    const pair = Buffer.from(vectors.constants.private_ed25519.slice(5), 'base64');
    const seed = secretOf(`whsk_${pair.subarray(0, 32).toString('base64')}`);
    const whole = secretOf(vectors.constants.private_ed25519);
    expect(signStandardWebhook({ ...message, secrets: [seed] })).toBe(
      signStandardWebhook({ ...message, secrets: [whole] }),
    );
  });

  it.each([
    ['blanks around it', ' whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa+/ '],
    ['a newline at the end', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa+/\r\n'],
    ['a byte order mark', '\ufeffwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa+/'],
    ['the version of a signature in front', 'v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa+/'],
    ['the URL alphabet', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_'],
    ['no prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa+/\n'],
  ])('signs as ever when it is pasted with %s', (_, text) => {
    const pasted = signStandardWebhook({ ...message, secrets: [secretOf(text)] });
    const plain = secretOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa+/');
    expect(pasted).toBe(signStandardWebhook({ ...message, secrets: [plain] }));
  });

  it.each([
    ['openssl', 64],
    ['base64', 76],
  ])('of 72 bytes signs as ever in the lines that %s makes of it', (_, length) => {
    const encoded = Buffer.alloc(72, 'k3').toString('base64');
    const lines = encoded.match(new RegExp(`.{1,${length}}`, 'g')) ?? [];
    expect(lines).toHaveLength(2);
    const wrapped = signStandardWebhook({ ...message, secrets: [secretOf(`whsec_${lines.join('\n')}\n`)] });
    expect(wrapped).toBe(signStandardWebhook({ ...message, secrets: [secretOf(`whsec_${encoded}`)] }));
  });

  it('of ed25519 signs as ever when it is pasted with the version of a signature in front', () => {
    const { private_ed25519 } = vectors.constants;
    const pasted = signStandardWebhook({ ...message, secrets: [secretOf(`v1a,${private_ed25519}\n`)] });
    expect(pasted).toBe(signStandardWebhook({ ...message, secrets: [secretOf(private_ed25519)] }));
  });

  it.each([
    ['padding that is not whole', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBg='],
    ['the URL alphabet and no prefix: it may be an unknown one', 'MfKQ_r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['another behind a blank', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_C2FVsBQIhrscChlQIMVJb5sSYspob7oD'],
    ['another behind a line end', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nC2FVsBQIhrscChlQIMVJb5sSYspob7oD'],
    ['another right behind it', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwwhsec_C2FVsBQIhrscChlQIMVJb5sSYspob7oD'],
    ['another as long as a line', `${'MfKQ'.repeat(16)}\n${'C2FV'.repeat(16)}`],
    ['both alphabets', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa+_'],
    ['padding in the middle', 'whsec_MfKQ9r8GKYqrTwjUPD8ILP==ZIo2LaLaSw'],
    ['an upper-case prefix', 'WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['a signature in its place', 'v1,MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ])('is refused with %s', (_, text) => {
    expect(parseSigningSecret(text).ok).toBe(false);
  });

  it('is never repeated by a fault and never printed', () => {
    const { secret, private_ed25519 } = vectors.constants;
    for (const text of [secret, private_ed25519]) {
      const bytes = Buffer.from(text.replace(/^whs(ec|k)_/, ''), 'base64');
      const printed = inspect(secretOf(text), { depth: 9 }) + JSON.stringify(secretOf(text));
      expect(printed).not.toContain(text.slice(6, 20));
      expect(printed).not.toContain(bytes.subarray(0, 6).toString('hex'));
      expect(JSON.stringify(parseSigningSecret(`${text}!`))).not.toContain(text.slice(6, 20));
    }
  });
});
