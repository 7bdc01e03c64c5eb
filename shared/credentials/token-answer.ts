import { isJsonObject } from '../runtime/json-object.ts';
import { MAX_CREDENTIAL_VALUE_BYTES, parseJson } from './secret-members.ts';

/** What a token endpoint issued. `keptMs`: for how long after it was asked for the token is used; 0: only by whoever waits for it. */
export type IssuedToken = { kind: 'issued'; accessToken: string; keptMs: number };

/** `fault` is fixed words, to follow the endpoint's name. */
type TokenFault = { kind: 'fault'; fault: string };

const SECOND_MS = 1000;
/** A token is used no more a minute before its end: an attempt takes time, and clocks differ… */
const MARGIN_MS = 60 * SECOND_MS;
/** …but always for half of its life. */
const LEAST_SHARE = 0.5;
/** Where the endpoint does not say for how long (RFC 6749 leaves it free): short, because a token that has ended costs an attempt. */
const UNSAID_MS = 300 * SECOND_MS;
/** However long the endpoint says: whoever withdraws a client sees its tokens end within a day. */
const LONGEST_MS = 24 * 3600 * SECOND_MS;

/** Visible ASCII: what RFC 6749 lets a token be and a header can carry. */
const TOKEN = /^[\x21-\x7e]+$/;
/**
 * The codes of RFC 6749 (5.2, and of 4.1.2.1 what is not about a person), RFC 8707 and RFC 9449, and what Auth0 says to whoever asks
 * too much. Any other text could be a secret as well as a code.
 */
const ERROR_CODES = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
  'invalid_target',
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'too_many_requests',
] as const;
const TOO_LONG = `an access_token of more than ${MAX_CREDENTIAL_VALUE_BYTES} bytes`;

/** A successful answer (RFC 6749, section 5.1), which may be anything. */
export function readTokenAnswer(body: string): IssuedToken | TokenFault {
  const parsed = parseJson(body);
  if ('fault' in parsed) return fault('an answer that is not JSON');
  if (!isJsonObject(parsed.value)) return fault('an answer that is not a JSON object');
  const answer = parsed.value;
  const twice = ['access_token', 'token_type', 'expires_in'].find((member) => timesNamed(body, member) > 1);
  // Readers differ in which of the two counts.
  if (twice !== undefined) return fault(`an answer with two members ${twice}`);
  const { access_token: accessToken, token_type: type } = answer;
  if (accessToken === undefined || accessToken === null) return fault('an answer without access_token');
  if (typeof accessToken !== 'string') return fault('an access_token that is not a string');
  if (accessToken === '') return fault('an empty access_token');
  if (accessToken.length > MAX_CREDENTIAL_VALUE_BYTES) return fault(TOO_LONG);
  if (!TOKEN.test(accessToken)) return fault('an access_token with a character that no header can carry');
  // Many leave it out; every other type is sent in another way than as a Bearer token.
  if (type !== undefined && type !== null && !(typeof type === 'string' && type.toLowerCase() === 'bearer')) {
    return fault('a token whose token_type is not Bearer');
  }
  return { kind: 'issued', accessToken, keptMs: keptMs(answer['expires_in']) };
}

/** The code of an error where it is a known one: never the description, which holds anything. */
export function readTokenError(body: string): string | undefined {
  const parsed = parseJson(body);
  const code = 'value' in parsed && isJsonObject(parsed.value) ? parsed.value['error'] : undefined;
  return ERROR_CODES.find((known) => known === code);
}

/** Seconds as a number or, as some write them, in a string. What cannot be read says nothing; what is over is over. */
function keptMs(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' && expiresIn.trim() !== '' ? Number(expiresIn) : expiresIn;
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) return UNSAID_MS;
  const lifetimeMs = Math.min(Math.max(seconds * SECOND_MS, 0), LONGEST_MS);
  return Math.floor(Math.max(lifetimeMs - MARGIN_MS, lifetimeMs * LEAST_SHARE));
}

/** How often an object, of which this is the JSON, names a member of its own. */
function timesNamed(json: string, member: string): number {
  let depth = 0;
  let times = 0;
  for (const [part, name, colon] of json.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[[\]{}]/g)) {
    if (name === undefined) depth += part === '{' || part === '[' ? 1 : -1;
    else if (colon !== undefined && depth === 1 && JSON.parse(name) === member) times += 1;
  }
  return times;
}

function fault(words: string): TokenFault {
  return { kind: 'fault', fault: words };
}
