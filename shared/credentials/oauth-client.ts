import { createHash } from 'node:crypto';
import { invisibleCharacterIn } from '../runtime/invisible-characters.ts';
import { MAX_URL_CHARACTERS } from '../runtime/limits.ts';
import type { Fault, Members } from './secret-members.ts';

/** Whom a token is asked for, and of whom (RFC 6749, section 4.4). Lives in memory only and is never logged. */
export type OAuthClient = {
  /** http(s), without user info and fragment. Where it leads is judged when it is asked. */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scope: string | undefined;
  audience: string | undefined;
  authentication: 'basic' | 'body';
};

/** How a token is asked for: all of it in the body, or id and secret in a header. */
export type TokenRequest = {
  url: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
};

/** More than any token endpoint takes; a Basic header of both still fits 8 KiB. */
const MAX_ID_CHARACTERS = 1024;
const AUTHENTICATIONS = ['basic', 'body'] as const;

/** The members of `oauth2_client_credentials`. Faults are fixed words. */
export function parseOAuthClient(read: Members): OAuthClient | Fault {
  const tokenUrl = read.plain('token_url');
  const clientId = read.plain('client_id');
  const clientSecret = read.plain('client_secret');
  const scope = read.has('scope') ? read.plain('scope') : '';
  const audience = read.has('audience') ? read.plain('audience') : '';
  const asked = read.has('client_authentication') ? read.plain('client_authentication').toLowerCase() : 'basic';
  if (read.fault !== undefined) return read.fault;
  const fault = urlFault(tokenUrl);
  if (fault !== undefined) return { fault: `credential_data.token_url ${fault}` };
  for (const [member, value] of Object.entries({ client_id: clientId, client_secret: clientSecret })) {
    if (value === '') return { fault: `credential_data.${member} is empty` };
    if (value.length > MAX_ID_CHARACTERS) {
      return { fault: `credential_data.${member} is longer than ${MAX_ID_CHARACTERS} characters` };
    }
  }
  const authentication = AUTHENTICATIONS.find((known) => known === asked);
  if (authentication === undefined) {
    return { fault: `credential_data.client_authentication must be one of ${AUTHENTICATIONS.join(', ')}` };
  }
  return {
    tokenUrl,
    clientId,
    clientSecret,
    scope: scope === '' ? undefined : scope,
    audience: audience === '' ? undefined : audience,
    authentication,
  };
}

/** What no address can mend. RFC 6749, section 3.2, rules the fragment out. */
function urlFault(text: string): string | undefined {
  const invisible = invisibleCharacterIn(text);
  if (invisible !== undefined) return `holds ${invisible}`;
  const url = URL.parse(text);
  if (url === null) return 'is not an absolute URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '') {
    return 'must hold no user name or password: client_id and client_secret are for those';
  }
  if (text.includes('#')) return 'must hold no fragment';
  return url.href.length > MAX_URL_CHARACTERS ? `is longer than ${MAX_URL_CHARACTERS} characters` : undefined;
}

/** The request of RFC 6749, section 4.4.2. */
export function tokenRequest(client: OAuthClient, userAgent: string): TokenRequest {
  const isBasic = client.authentication === 'basic';
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (client.scope !== undefined) form.set('scope', client.scope);
  if (client.audience !== undefined) form.set('audience', client.audience);
  if (!isBasic) {
    form.set('client_id', client.clientId);
    form.set('client_secret', client.clientSecret);
  }
  return {
    url: client.tokenUrl,
    headers: [
      ...(isBasic ? [['Authorization', `Basic ${base64(basicPair(client))}`] as const] : []),
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Accept', 'application/json'],
      ['Accept-Encoding', 'identity'],
      ['User-Agent', userAgent],
    ],
    body: new TextEncoder().encode(form.toString()),
  };
}

/** Every form in which the secret leaves: whoever echoes one of them is cut. */
export function secretValuesOf(client: OAuthClient): string[] {
  const pair = basicPair(client);
  return [client.clientSecret, formEncoded(client.clientSecret), pair, base64(pair)];
}

/**
 * Of everything that a token depends on: what was issued for one set of it serves no other. `certificateId`: of the client
 * certificate beside it, which a token may be bound to (RFC 8705).
 */
export function clientKey(client: OAuthClient, certificateId: string | undefined): string {
  const { tokenUrl, clientId, clientSecret, scope, audience, authentication } = client;
  const all = [
    tokenUrl,
    clientId,
    clientSecret,
    scope ?? null,
    audience ?? null,
    authentication,
    certificateId ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(all)).digest('base64');
}

/** RFC 6749, section 2.3.1: both are encoded as in a form before they are joined, so that a colon in an id separates nothing. */
function basicPair({ clientId, clientSecret }: OAuthClient): string {
  return `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
