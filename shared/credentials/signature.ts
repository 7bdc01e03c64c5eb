import { createHmac, createPrivateKey, createPublicKey, createSecretKey, type KeyObject, sign } from 'node:crypto';

/**
 * Standard Webhooks signatures: `v1` is HMAC-SHA256, `v1a` is ed25519. The key is a KeyObject, which prints nothing of
 * itself, so that a secret that strays into a log line or an error cannot be read there.
 */
export type SigningSecret = { readonly scheme: 'v1' | 'v1a'; readonly key: KeyObject };

/**
 * The standard asks for 24–64 bytes, but its own libraries' vectors hold 23, and generators make longer ones: below 128 bits a
 * key can be searched, above 64 bytes HMAC hashes it first.
 */
const MIN_HMAC_KEY_BYTES = 16;
const MAX_HMAC_KEY_BYTES = 128;
const ED25519_SEED_BYTES = 32;
/** Seed and public key, as most libraries keep a private ed25519 key. */
const ED25519_PAIR_BYTES = 64;
/** PKCS #8 header of an ed25519 private key (RFC 8410, section 7); the seed follows. */
const ED25519_PKCS8_HEADER = Buffer.from('302e020100300506032b657004220420', 'hex');
/** Padded in full or not at all. Bits left over in the last character may be set: published vectors have such secrets. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
/** The id becomes a header, and a dot in it would make the signed content ambiguous. */
const MESSAGE_ID = /^[\x21-\x2d\x2f-\x7e]+$/;

/**
 * Reads one entry of `signing_secrets`: `whsec_` or no prefix and base64 of 16–128 bytes, or `whsk_` and base64 of a 32-byte
 * seed, with or without its 32-byte public key. What comes along when people paste is passed over: blanks and line ends around
 * it, those of wrapped base64, the `v1,` that stands before signatures, and, behind a prefix, the URL alphabet.
 *
 * `text` is the secret as it was understood. The fault never repeats it.
 */
export function parseSigningSecret(text: string): ParsedSigningSecret {
  const bare = text.trim().replace(/^v1a?,(?=whs)/, '');
  if (bare.startsWith('whpk_')) return refused('is a public key, which cannot sign: write the whsk_ key');
  const [, prefix = '', lines = ''] = /^(whsec_|whsk_|)(.*)$/s.exec(bare) ?? [];
  const encoded = unwrapped(lines);
  if (encoded === undefined) return refused('holds a blank or line end: write several secrets as a list');
  // Without a known prefix an underscore may be the end of an unknown one.
  const isUrlSafe = prefix !== '' && !/[+/]/.test(encoded);
  const standard = isUrlSafe ? encoded.replaceAll('-', '+').replaceAll('_', '/') : encoded;
  if (standard === '' || !BASE64.test(standard)) return refused('is not base64 behind whsec_, whsk_ or no prefix');
  const bytes = Buffer.from(standard, 'base64');
  const key = prefix === 'whsk_' ? parseEd25519(bytes) : parseHmac(bytes);
  return 'fault' in key ? key : { ok: true, secret: key, text: `${prefix}${standard}` };
}

/**
 * The lines in which openssl (64 characters) and base64 (76) write a long secret as one; undefined for any other blank: there may
 * be two secrets, and together they would be a third.
 */
function unwrapped(text: string): string | undefined {
  const lines = text.split(/\r?\n/);
  const [first = ''] = lines;
  const isWrapped =
    [64, 76].includes(first.length) &&
    lines.slice(1, -1).every(({ length }) => length === first.length) &&
    (lines.at(-1) ?? '').length < first.length;
  const whole = lines.length === 1 || isWrapped ? lines.join('') : ' ';
  return /\s|wh(?:sec|sk|pk)_/.test(whole) ? undefined : whole;
}

type ParsedSigningSecret = { ok: true; secret: SigningSecret; text: string } | Refused;
type Refused = { ok: false; fault: string };

/**
 * The value of `webhook-signature`: one signature per secret, in their order, separated by spaces, over
 * `${id}.${timestampSeconds}.${body}`. Throws a RangeError for an id or a timestamp that cannot be signed unambiguously:
 * both are the caller's own.
 */
export function signStandardWebhook(message: {
  secrets: readonly SigningSecret[];
  id: string;
  timestampSeconds: number;
  body: Uint8Array;
}): string {
  const { secrets, id, timestampSeconds, body } = message;
  if (!MESSAGE_ID.test(id)) throw new RangeError('a webhook id is visible ASCII without a dot');
  if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0) {
    throw new RangeError('a webhook timestamp is whole seconds since the Unix epoch');
  }
  const content = Buffer.concat([Buffer.from(`${id}.${timestampSeconds}.`), body]);
  return secrets.map((secret) => `${secret.scheme},${signContent(secret, content)}`).join(' ');
}

function signContent({ scheme, key }: SigningSecret, content: Buffer): string {
  switch (scheme) {
    case 'v1':
      return createHmac('sha256', key).update(content).digest('base64');
    case 'v1a':
      return sign(null, content, key).toString('base64');
  }
}

function parseHmac(bytes: Buffer): SigningSecret | Refused {
  if (bytes.length < MIN_HMAC_KEY_BYTES) return refused(`has fewer than ${MIN_HMAC_KEY_BYTES} bytes`);
  if (bytes.length > MAX_HMAC_KEY_BYTES) return refused(`has more than ${MAX_HMAC_KEY_BYTES} bytes`);
  return { scheme: 'v1', key: createSecretKey(bytes) };
}

function parseEd25519(bytes: Buffer): SigningSecret | Refused {
  if (bytes.length !== ED25519_SEED_BYTES && bytes.length !== ED25519_PAIR_BYTES) {
    return refused('is neither a seed of 32 bytes nor a seed and its public key, 64 bytes');
  }
  const seed = bytes.subarray(0, ED25519_SEED_BYTES);
  const key = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8_HEADER, seed]), format: 'der', type: 'pkcs8' });
  const givenPublic = bytes.subarray(ED25519_SEED_BYTES);
  if (givenPublic.length > 0 && !givenPublic.equals(publicBytes(key))) {
    return refused('has a public half that does not belong to its seed');
  }
  return { scheme: 'v1a', key };
}

function publicBytes(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-ED25519_SEED_BYTES);
}

function refused(fault: string): Refused {
  return { ok: false, fault };
}
