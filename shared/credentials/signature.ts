import { createHmac, createPrivateKey, createPublicKey, createSecretKey, type KeyObject, sign } from 'node:crypto';

/**
 * Standard Webhooks signatures: `v1` is HMAC-SHA256, `v1a` is ed25519. The key is a KeyObject, which prints nothing of
 * itself, so that a secret that strays into a log line or an error cannot be read there.
 */
export type SigningSecret = { readonly scheme: 'v1' | 'v1a'; readonly key: KeyObject };

/** The standard asks for 24–64 bytes, but its own libraries' vectors hold 23: below 128 bits a key can be searched. */
const MIN_HMAC_KEY_BYTES = 16;
const MAX_HMAC_KEY_BYTES = 64;
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
 * Reads one entry of `signing_secrets`: `whsec_` or no prefix and base64 of 16–64 bytes, or `whsk_` and base64 of a
 * 32-byte seed, with or without its 32-byte public key. The fault never repeats the secret.
 */
export function parseSigningSecret(text: string): { ok: true; secret: SigningSecret } | { ok: false; fault: string } {
  if (text.startsWith('whpk_')) return refused('a public key cannot sign');
  const asymmetric = text.startsWith('whsk_');
  const encoded = text.replace(/^(whsec_|whsk_)/, '');
  if (encoded === '' || !BASE64.test(encoded)) return refused('a signing secret is not base64 behind a known prefix');
  const bytes = Buffer.from(encoded, 'base64');
  return asymmetric ? parseEd25519(bytes) : parseHmac(bytes);
}

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

function parseHmac(bytes: Buffer): ReturnType<typeof parseSigningSecret> {
  if (bytes.length < MIN_HMAC_KEY_BYTES) return refused(`a signing secret is shorter than ${MIN_HMAC_KEY_BYTES} bytes`);
  if (bytes.length > MAX_HMAC_KEY_BYTES) return refused(`a signing secret is longer than ${MAX_HMAC_KEY_BYTES} bytes`);
  return { ok: true, secret: { scheme: 'v1', key: createSecretKey(bytes) } };
}

function parseEd25519(bytes: Buffer): ReturnType<typeof parseSigningSecret> {
  if (bytes.length !== ED25519_SEED_BYTES && bytes.length !== ED25519_PAIR_BYTES) {
    return refused('a private signing key is neither a seed of 32 bytes nor seed and public key of 64');
  }
  const seed = bytes.subarray(0, ED25519_SEED_BYTES);
  const key = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8_HEADER, seed]), format: 'der', type: 'pkcs8' });
  const givenPublic = bytes.subarray(ED25519_SEED_BYTES);
  if (givenPublic.length > 0 && !givenPublic.equals(publicBytes(key))) {
    return refused('the public half of a private signing key does not belong to its seed');
  }
  return { ok: true, secret: { scheme: 'v1a', key } };
}

function publicBytes(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-ED25519_SEED_BYTES);
}

function refused(fault: string): { ok: false; fault: string } {
  return { ok: false, fault };
}
