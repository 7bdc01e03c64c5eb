import { createHash } from 'node:crypto';
import type { HeaderPair } from '../delivery/headers.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { type ClientCertificate, parseClientCertificate } from './client-certificate.ts';
import { clientKey, type OAuthClient, parseOAuthClient, secretValuesOf } from './oauth-client.ts';
import {
  type Fault,
  MAX_CREDENTIAL_VALUE_BYTES,
  Members,
  parseJson,
  parseNested,
  readMembers,
} from './secret-members.ts';
import { parseSigningSecret, type SigningSecret } from './signature.ts';

/** A secret of Secrets Manager, parsed and fit to be sent. It lives in memory only and is never logged. */
export type Credential = {
  /** Headers to add, names and values already judged fit for HTTP. */
  headers: readonly HeaderPair[];
  /** In the order of the secret: two overlap during a rotation. */
  signingSecrets: readonly SigningSecret[];
  /** Everything that has to be cut out of a response excerpt. */
  secretValues: readonly string[];
  /** Equal exactly when all that proves who we are is equal: tells whether a credential was rotated. */
  fingerprint: string;
  /** Asks for the token that is sent as one more header. */
  oauthClient?: OAuthClient;
  /** Shown in the handshake to a receiver that asks for one. */
  clientCertificate?: ClientCertificate;
};

/** `detail` is fixed words, to follow the secret's name: the member that is wrong and what to write, never a value. */
export type ParsedCredential = { ok: true; credential: Credential } | { ok: false; detail: string };

/** What reading one secret can come to. It never throws. */
export type SecretRead =
  /** `secretString` is undefined for a binary secret. */
  | { kind: 'found'; secretString: string | undefined }
  /** Unknown, or deleted and still recoverable. */
  | { kind: 'missing' }
  /** An internal fault: the service did not answer or refused the call. `detail` is fixed words and error codes. */
  | { kind: 'unavailable'; detail: string };

/** Where secrets come from. Reads the current version only. */
export type CredentialSource = { fetch(name: string, signal: AbortSignal): Promise<SecretRead> };

/** What a second look past the cache says after a 401 or 403. */
export type CredentialReread = { kind: 'changed' } | { kind: 'unchanged' } | { kind: 'unavailable'; detail: string };

/** Two overlap in a rotation; ten signatures still fit any receiver's header limit. */
const MAX_SIGNING_SECRETS = 10;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The secret's name, `<prefix>/<organization>/<uuid>` with the UUID lower-cased; undefined for anything that is not
 * exactly a positive integer and a UUID, so that no reference can name another organization's secret.
 */
export function credentialName(prefix: string, organizationId: number, uuid: string): string | undefined {
  if (!Number.isSafeInteger(organizationId) || organizationId < 1) return undefined;
  if (!UUID.test(uuid)) return undefined;
  return `${prefix}/${organizationId}/${uuid.toLowerCase()}`;
}

/**
 * Parses and judges a secret, so that nothing malformed reaches the HTTP client. What people paste is understood where it can
 * mean one thing only. `secretString` is undefined for a binary secret; `headerPrefix` is that of the id headers, which no
 * credential may replace.
 */
export function parseCredential(secretString: string | undefined, options: { headerPrefix: string }): ParsedCredential {
  if (secretString === undefined) return invalid('is binary: it must be text, a JSON object');
  const secret = parseJson(secretString);
  if ('fault' in secret) return invalid(secret.fault);
  if (!isJsonObject(secret.value)) return invalid('must be a JSON object with credential_type and credential_data');
  const scheme = parseScheme(secret.value, options.headerPrefix);
  if ('fault' in scheme) return invalid(scheme.fault);
  const signing = parseSigningSecrets(secret.value['signing_secrets']);
  if ('fault' in signing) return invalid(signing.fault);
  const shown = parseClientCertificate(secret.value['client_certificate']);
  if (shown !== undefined && 'fault' in shown) return invalid(shown.fault);
  const values = [...scheme.secretValues, ...signing.texts, ...signing.given, ...(shown?.secretValues ?? [])];
  const { headers, oauthClient } = scheme;
  const asked = oauthClient === undefined ? null : clientKey(oauthClient, undefined);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([headers, signing.texts, asked, shown?.certificate.id ?? null]))
    .digest('base64');
  return {
    ok: true,
    credential: {
      headers,
      signingSecrets: signing.secrets,
      secretValues: [...new Set(values)].filter(Boolean),
      fingerprint,
      ...(oauthClient && { oauthClient }),
      ...(shown && { clientCertificate: shown.certificate }),
    },
  };
}

type Scheme = { headers: HeaderPair[]; secretValues: string[]; oauthClient?: OAuthClient };

const TYPES = ['none', 'bearer_token', 'api_key', 'basic_auth', 'custom_header', 'oauth2_client_credentials'] as const;

function parseScheme(secret: Record<string, unknown>, headerPrefix: string): Scheme | Fault {
  const type = typeOf(secret['credential_type']);
  if (type === undefined) {
    const isBeside = writtenType(secret['credential_type']) === 'client_certificate';
    return { fault: `credential_type must be one of ${TYPES.join(', ')}${isBeside ? BESIDE : ''}` };
  }
  if (type === 'none') return { headers: [], secretValues: [] };
  const read = readMembers(secret['credential_data']);
  if (!(read instanceof Members)) return read;
  switch (type) {
    case 'bearer_token': {
      const token = read.text('token').replace(/^Bearer(?: +|$)/i, '');
      if (read.fault !== undefined) return read.fault;
      if (token === '') return { fault: 'credential_data.token is only the word Bearer' };
      return { headers: [{ key: 'Authorization', value: `Bearer ${token}` }], secretValues: [token] };
    }
    case 'api_key': {
      const key = read.has('header_name') ? read.headerName('header_name', headerPrefix) : 'X-API-Key';
      const value = read.text('api_key');
      return read.fault ?? { headers: [{ key, value }], secretValues: withoutScheme(value) };
    }
    case 'custom_header': {
      const key = read.headerName('header_name', headerPrefix);
      const value = read.text('header_value');
      return read.fault ?? { headers: [{ key, value }], secretValues: withoutScheme(value) };
    }
    case 'basic_auth':
      return parseBasic(read);
    case 'oauth2_client_credentials': {
      const oauthClient = parseOAuthClient(read);
      if ('fault' in oauthClient) return oauthClient;
      return { headers: [], secretValues: secretValuesOf(oauthClient), oauthClient };
    }
  }
}

/** It is no type, because it stands beside any. */
const BESIDE = '; client_certificate is a member of its own beside credential_type, which may be none';

/** In capitals, or with blanks or hyphens for underscores, a type can still mean only one. */
function typeOf(value: unknown): (typeof TYPES)[number] | undefined {
  const written = writtenType(value);
  return TYPES.find((type) => type === written);
}

function writtenType(value: unknown): string | undefined {
  return typeof value === 'string' ? value.trim().toLowerCase().replaceAll(/[ -]/g, '_') : undefined;
}

/**
 * RFC 7617: the user-id holds no colon, neither part a control character. Either part may be empty, not both; without a
 * password it is empty, as many services want it beside an API key.
 */
function parseBasic(read: Members): Scheme | Fault {
  const username = read.plain('username');
  const password = read.has('password') ? read.plain('password') : '';
  if (read.fault !== undefined) return read.fault;
  if (username.includes(':')) return { fault: 'credential_data.username must not hold a colon' };
  if (username === '' && password === '') return { fault: 'credential_data.username and password are both empty' };
  const pair = `${username}:${password}`;
  const encoded = Buffer.from(pair, 'utf8').toString('base64');
  if (encoded.length > MAX_CREDENTIAL_VALUE_BYTES) {
    return {
      fault: `credential_data.username and password have more than ${MAX_CREDENTIAL_VALUE_BYTES} bytes as base64`,
    };
  }
  return {
    headers: [{ key: 'Authorization', value: `Basic ${encoded}` }],
    secretValues: [password, username, pair, encoded],
  };
}

/** Receivers may echo a value like `Token abc` without its scheme, too. */
function withoutScheme(value: string): string[] {
  const afterScheme = /^[A-Za-z][A-Za-z0-9-]* +(\S.*)$/s.exec(value)?.[1];
  return afterScheme === undefined ? [value] : [value, afterScheme];
}

type Signing = {
  secrets: SigningSecret[];
  /** As they were understood, so that the same secret pasted in another way is no new one. */
  texts: string[];
  given: string[];
};

function parseSigningSecrets(value: unknown): Signing | Fault {
  const list = listOf(value);
  if ('fault' in list) return list;
  if (list.length > MAX_SIGNING_SECRETS) return { fault: `signing_secrets holds more than ${MAX_SIGNING_SECRETS}` };
  const secrets: SigningSecret[] = [];
  const texts: string[] = [];
  const given: string[] = [];
  for (const [index, text] of list.entries()) {
    if (typeof text !== 'string') return { fault: `signing_secrets[${index}] must be a string, in quotes` };
    const parsed = parseSigningSecret(text);
    if (!parsed.ok) return { fault: `signing_secrets[${index}] ${parsed.fault}` };
    secrets.push(parsed.secret);
    texts.push(parsed.text);
    given.push(text.trim());
  }
  return { secrets, texts, given };
}

/** One secret stands for a list of one. A string that begins like a list is JSON. */
function listOf(value: unknown): readonly unknown[] | Fault {
  if (value === undefined || value === null) return [];
  const text = typeof value === 'string' ? value.trim() : undefined;
  if (text === '') return [];
  if (text !== undefined && !/^["[]/.test(text)) return [text];
  const parsed = parseNested(value);
  if ('fault' in parsed) return { fault: `signing_secrets ${parsed.fault}` };
  if (typeof parsed.value === 'string') return [parsed.value];
  return Array.isArray(parsed.value) ? parsed.value : { fault: 'signing_secrets must be a list of strings' };
}

function invalid(detail: string): ParsedCredential {
  return { ok: false, detail };
}
