import { createHash } from 'node:crypto';
import { isHeaderName, isHeaderValue, isReservedHeader, type HeaderPair } from '../delivery/headers.ts';
import { isJsonObject } from '../runtime/json-object.ts';

import { parseSigningSecret, type SigningSecret } from './signature.ts';

/** A secret of Secrets Manager, parsed and fit to be sent. It lives in memory only and is never logged. */
export type Credential = {
  /** Headers to add, names and values already judged fit for HTTP. */
  headers: readonly HeaderPair[];
  /** In the order of the secret: two overlap during a rotation. */
  signingSecrets: readonly SigningSecret[];
  /** Everything that has to be cut out of a response excerpt. */
  secretValues: readonly string[];
  /** Equal exactly when headers and signing secrets are equal: tells whether a credential was rotated. */
  fingerprint: string;
};

/** `detail` is fixed words: it names the member that is wrong, never its value. */
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
/** Bytes of one credential header: what receivers commonly take for all headers together. */
const MAX_CREDENTIAL_VALUE_BYTES = 8 * 1024;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const CONTROL_CHARACTER = /\p{Cc}/u;

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
 * Parses and judges a secret, so that nothing malformed reaches the HTTP client. `secretString` is undefined for a
 * binary secret; `headerPrefix` is that of the id headers, which no credential may replace.
 */
export function parseCredential(secretString: string | undefined, options: { headerPrefix: string }): ParsedCredential {
  if (secretString === undefined) return invalid('the secret is binary');
  const secret = parseObject(secretString);
  if (secret === undefined) return invalid('the secret is not a JSON object');
  const scheme = parseScheme(secret, options.headerPrefix);
  if ('fault' in scheme) return invalid(scheme.fault);
  const signing = parseSigningSecrets(secret['signing_secrets']);
  if ('fault' in signing) return invalid(signing.fault);
  const secretValues = [...new Set([...scheme.secretValues, ...signing.texts])].filter((value) => value !== '');
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([scheme.headers, signing.texts]))
    .digest('base64');
  return {
    ok: true,
    credential: { headers: scheme.headers, signingSecrets: signing.secrets, secretValues, fingerprint },
  };
}

type Scheme = { headers: HeaderPair[]; secretValues: string[] };
type Fault = { fault: string };

function parseScheme(secret: Record<string, unknown>, headerPrefix: string): Scheme | Fault {
  const type = secret['credential_type'];
  if (type === 'none') return { headers: [], secretValues: [] };
  const data = secret['credential_data'];
  const isKnown = type === 'bearer_token' || type === 'api_key' || type === 'basic_auth' || type === 'custom_header';
  if (!isKnown) return { fault: 'credential_type is none of none, bearer_token, api_key, basic_auth, custom_header' };
  if (!isJsonObject(data)) return { fault: 'credential_data is not an object' };
  const read = new Members(data);
  switch (type) {
    case 'bearer_token': {
      const token = read.text('token');
      return read.fault ?? { headers: [{ key: 'Authorization', value: `Bearer ${token}` }], secretValues: [token] };
    }
    case 'api_key': {
      const isNamed = data['header_name'] !== undefined && data['header_name'] !== null;
      const key = isNamed ? read.headerName('header_name', headerPrefix) : 'X-API-Key';
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
  }
}

/** RFC 7617: the user-id holds no colon, neither part a control character. Either part may be empty, not both. */
function parseBasic(read: Members): Scheme | Fault {
  const username = read.plain('username');
  const password = read.plain('password');
  if (read.fault !== undefined) return read.fault;
  if (username.includes(':')) return { fault: 'username holds a colon' };
  if (username === '' && password === '') return { fault: 'username and password are empty' };
  const pair = `${username}:${password}`;
  const encoded = Buffer.from(pair, 'utf8').toString('base64');
  if (encoded.length > MAX_CREDENTIAL_VALUE_BYTES) return { fault: 'username and password are too long' };
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

/** Reads members of `credential_data` and remembers the first fault, in fixed words. */
class Members {
  readonly #data: Record<string, unknown>;
  fault: Fault | undefined;

  constructor(data: Record<string, unknown>) {
    this.#data = data;
  }

  /** A string without control characters or lone surrogates; may be empty. */
  plain(member: string): string {
    const value = Object.hasOwn(this.#data, member) ? this.#data[member] : undefined;
    if (typeof value !== 'string') return this.#fail(`${member} is not a string`);
    if (CONTROL_CHARACTER.test(value) || !value.isWellFormed()) {
      return this.#fail(`${member} holds a character that cannot be sent`);
    }
    return value;
  }

  /** A non-empty header value. */
  text(member: string): string {
    const value = this.plain(member);
    if (this.fault !== undefined) return '';
    if (value.trim() === '') return this.#fail(`${member} is empty`);
    if (!isHeaderValue(value)) return this.#fail(`${member} holds a character that cannot be sent`);
    if (Buffer.byteLength(value) > MAX_CREDENTIAL_VALUE_BYTES) return this.#fail(`${member} is too long`);
    return value;
  }

  /** A header name that HTTP can carry and that is not reserved for Surehook. */
  headerName(member: string, headerPrefix: string): string {
    const value = this.plain(member);
    if (this.fault !== undefined) return '';
    if (!isHeaderName(value)) return this.#fail(`${member} is not a header name`);
    if (isReservedHeader(value, headerPrefix)) return this.#fail(`${member} is a reserved header`);
    return value;
  }

  #fail(fault: string): '' {
    this.fault ??= { fault };
    return '';
  }
}

function parseSigningSecrets(value: unknown): { secrets: SigningSecret[]; texts: string[] } | Fault {
  if (value === undefined || value === null) return { secrets: [], texts: [] };
  if (!Array.isArray(value)) return { fault: 'signing_secrets is not an array' };
  if (value.length > MAX_SIGNING_SECRETS) return { fault: `signing_secrets holds more than ${MAX_SIGNING_SECRETS}` };
  const secrets: SigningSecret[] = [];
  const texts: string[] = [];
  for (const [index, text] of value.entries()) {
    if (typeof text !== 'string') return { fault: `signing_secrets[${index}] is not a string` };
    const parsed = parseSigningSecret(text);
    if (!parsed.ok) return { fault: `signing_secrets[${index}]: ${parsed.fault}` };
    secrets.push(parsed.secret);
    texts.push(text);
  }
  return { secrets, texts };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // The parser's message quotes the text, which is the secret.
    return undefined;
  }
}

function invalid(detail: string): ParsedCredential {
  return { ok: false, detail };
}
