import { type HttpMethod, sendsBody } from './http-method.ts';

/** One header field as requests and rows spell it. */
export type HeaderPair = { key: string; value: string };

/** Surehook's own headers, in addition to the three whose names begin with the configured prefix. */
const OWN_NAMES = new Set([
  'content-type',
  'accept-encoding',
  'user-agent',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
]);

/**
 * Headers that say where a message goes, where it ends or what becomes of its connection: RFC 9110 (7.2, 7.6.1, 7.8, 8.6, 10.1),
 * RFC 9112, and the deprecated HTTP/2 upgrade.
 */
const FRAMING_NAMES = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'te',
  'trailer',
  'trailers',
  'expect',
  'http2-settings',
]);

/** Headers that every request has, with a value that a custom header may choose instead. */
const REPLACEABLE_NAMES = new Set(['accept', 'content-type', 'user-agent']);

/** The id headers of a delivery under a prefix such as `X-Dograh`. */
export function idHeaderNames(prefix: string): { deliveryId: string; workflowRunId: string; attempt: string } {
  return {
    deliveryId: `${prefix}-Delivery-Id`,
    workflowRunId: `${prefix}-Workflow-Run-Id`,
    attempt: `${prefix}-Delivery-Attempt`,
  };
}

/** Whether HTTP can carry this name: a token as in RFC 9110, 5.6.2. */
export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/**
 * Whether a value arrives as it was written: printable ASCII (0x20–0x7E) with no space at either end, because receivers strip
 * it. Tab, CR, LF and NUL are not allowed; the empty value is.
 */
export function isHeaderValue(value: string): boolean {
  return value === '' || /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value);
}

/**
 * One spelling for all names that some receivers take for the same name: CGI, and with it WSGI, Rack and PHP, hands over
 * `X-Key`, `x-key` and `X_Key` as `HTTP_X_KEY` (RFC 3875, 4.1.18) and joins their values.
 */
export function foldedName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Whether only Surehook may set this header, however it is spelled: its own headers, framing and hop-by-hop ones. */
export function isReservedHeader(name: string, headerPrefix: string): boolean {
  const folded = foldedName(name);
  // A body goes out as it was frozen: it has no coding.
  const isTransport = isFramingHeader(name) || folded === 'content-encoding' || folded.startsWith('proxy-');
  return isTransport || isOwnHeader(name, headerPrefix);
}

/** Whether the HTTP client alone may write this header, however it is spelled: a second opinion about framing is how requests are smuggled. */
export function isFramingHeader(name: string): boolean {
  return FRAMING_NAMES.has(foldedName(name));
}

/** Whether this is one of the headers that Surehook adds to every attempt, however it is spelled. */
export function isOwnHeader(name: string, headerPrefix: string): boolean {
  const folded = foldedName(name);
  return OWN_NAMES.has(folded) || Object.values(idHeaderNames(headerPrefix)).some((own) => foldedName(own) === folded);
}

/**
 * Whether a custom header of this name may stand in place of Surehook's own. Only as HTTP spells it: with an underscore it would
 * come beside the real one.
 */
export function isReplaceableHeader(name: string): boolean {
  return REPLACEABLE_NAMES.has(name.toLowerCase());
}

/** Why a replaceable header cannot be sent with this value, in fixed words; undefined if it can. */
export function replacementFault({ key, value }: HeaderPair, method: HttpMethod): string | undefined {
  if (value === '') return 'has no value';
  if (key.toLowerCase() !== 'content-type') return undefined;
  if (!sendsBody(method)) return `does not go with ${method}, which has no body`;
  return isJsonInUtf8(value) ? undefined : 'does not describe the body, which is JSON in UTF-8';
}

/** `application/json`, `text/json` and whatever ends in `+json` (RFC 6839, 3.1), with no other charset than the body's. */
function isJsonInUtf8(contentType: string): boolean {
  const [mediaType = '', ...parameters] = contentType.toLowerCase().split(';');
  if (
    !/^(?:(?:application|text)\/json|[!#$%&'*+\-.^_`|~0-9a-z]+\/[!#$%&'*+\-.^_`|~0-9a-z]+\+json)$/.test(
      mediaType.trim(),
    )
  )
    return false;
  const charsets = parameters.flatMap((parameter) => /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/.exec(parameter)?.[1] ?? []);
  return charsets.every((charset) => charset === 'utf-8' || charset === 'utf8');
}
