import { isHeaderName } from './headers.ts';

/**
 * What one attempt put on the wire, over what, and what came back: kept with the attempt for whoever asks what exactly was
 * sent. No value of a credential or of a custom header is in it, no body, and not the receiver's address: inside a private
 * network that would be a map.
 */
export type Exchange = {
  request: SentRequest;
  /** Undefined where there was none in time. */
  connection?: SentOver;
  /** Undefined where no header block was complete. */
  response?: Answered;
  /** Milliseconds of each phase that was begun; the last of them is where the attempt ended. */
  phasesMs: Readonly<Partial<Record<WirePhase, number>>>;
};

/**
 * `wait`: for a free connection. `first_byte`: from the first byte of the request to the end of the response's header block.
 * On a connection that was there already nothing is resolved, connected or secured.
 */
const WIRE_PHASES = ['wait', 'resolve', 'connect', 'tls', 'first_byte', 'body'] as const;
export type WirePhase = (typeof WIRE_PHASES)[number];

type SentRequest = {
  method: string;
  /** As they were written, in their order. Undefined once they are erased. */
  headers?: readonly SentHeader[];
  /** Headers beyond those that are kept. */
  moreHeaders: number;
  bodyBytes: number;
  /** How much of it may have reached the receiver. */
  written: (typeof WRITTEN)[number];
};

/** Of our own headers with what was sent; of the others whose value it was. */
export type SentHeader = { name: string; value?: string; of?: (typeof HEADER_OWNERS)[number] };

type SentOver = {
  /** It had carried another request before. */
  isKept: boolean;
  family: (typeof FAMILIES)[number];
  /** `private`: an address that a setting allows. */
  reach: (typeof REACHES)[number];
  /** `TLSv1.3`; undefined without TLS. */
  tls?: string;
  /** A client certificate was there for whoever asked for one. */
  hasClientCertificate?: true;
};

type Answered = {
  /** Names, in lower case. Undefined once they are erased. */
  headers?: readonly string[];
  moreHeaders: number;
  /** Of the body, as far as it was read. */
  bodyBytes: number;
  /** The body was read to its end. */
  isComplete: boolean;
};

const WRITTEN = ['nothing', 'part', 'whole'] as const;
/** `request`: a member of the request of its own, as `tracestate` is. */
const HEADER_OWNERS = ['signature', 'credential', 'request', 'custom'] as const;
const FAMILIES = ['IPv4', 'IPv6'] as const;
const REACHES = ['public', 'private'] as const;

/** Headers of a request that are kept: all of ours, and the 50 custom ones that a request may have. */
const MAX_SENT_HEADERS = 64;
/** Names of a response that are kept: twice what receivers usually send. */
const MAX_RECEIVED_HEADERS = 40;
/** Longer than any header in use. */
const MAX_NAME_CHARACTERS = 64;
/** A value of ours is an id, an instant, a media type or the product's name. */
const MAX_VALUE_CHARACTERS = 128;
/** All names and values of either side: with everything else less than 6 KiB of JSON. */
const MAX_CHARACTERS = 1200;

/** As many as are kept, whatever a receiver or a row holds: names that are none are left out, long ones are cut. */
export function keptSentHeaders(headers: readonly SentHeader[]): Pick<SentRequest, 'moreHeaders'> & {
  headers: SentHeader[];
} {
  const sendable = headers.filter(({ name }) => isHeaderName(name));
  const kept = sendable.map(({ name, value, of }) => ({
    name: name.slice(0, MAX_NAME_CHARACTERS),
    ...(value === undefined ? {} : { value: value.slice(0, MAX_VALUE_CHARACTERS) }),
    ...(of === undefined ? {} : { of }),
  }));
  const many = fitting(kept.slice(0, MAX_SENT_HEADERS), ({ name, value = '' }) => name.length + value.length);
  return { headers: many, moreHeaders: headers.length - many.length };
}

/** The same of a response, in lower case. */
export function keptReceivedNames(names: readonly string[]): Pick<Answered, 'moreHeaders'> & { headers: string[] } {
  const kept = names
    .filter((name) => isHeaderName(name))
    .map((name) => (name.length > MAX_NAME_CHARACTERS ? `${name.slice(0, MAX_NAME_CHARACTERS)}…` : name).toLowerCase());
  const many = fitting(kept.slice(0, MAX_RECEIVED_HEADERS), (name) => name.length);
  return { headers: many, moreHeaders: names.length - many.length };
}

function fitting<Item>(items: readonly Item[], charactersOf: (item: Item) => number): Item[] {
  let characters = 0;
  return items.filter((item) => (characters += charactersOf(item)) <= MAX_CHARACTERS);
}

/** Without what the application or the receiver has named: as an erased delivery keeps it, and as a queue may carry it. */
export function withoutNames({ request, response, ...rest }: Exchange): Exchange {
  const { headers: _sent, ...sent } = request;
  if (response === undefined) return { ...rest, request: sent };
  const { headers: _received, ...received } = response;
  return { ...rest, request: sent, response: received };
}

/** In JSON's names: as it stands in a row and in an answer. */
export function formatExchange({ request, connection, response, phasesMs }: Exchange): Record<string, unknown> {
  return {
    request: {
      method: request.method,
      ...(request.headers && { headers: request.headers }),
      more_headers: request.moreHeaders,
      body_bytes: request.bodyBytes,
      written: request.written,
    },
    ...(connection && {
      connection: {
        kept: connection.isKept,
        family: connection.family,
        reach: connection.reach,
        ...(connection.tls === undefined ? {} : { tls: connection.tls }),
        ...(connection.hasClientCertificate && { client_certificate: true }),
      },
    }),
    ...(response && {
      response: {
        ...(response.headers && { headers: response.headers }),
        more_headers: response.moreHeaders,
        body_bytes: response.bodyBytes,
        complete: response.isComplete,
      },
    }),
    phases_ms: Object.fromEntries(
      WIRE_PHASES.flatMap((phase) => {
        const ms = phasesMs[phase];
        return ms === undefined ? [] : [[phase, Math.round(ms * 10) / 10]];
      }),
    ),
  };
}

/** Undefined for whatever this version does not understand; what else a newer one wrote beside it is passed over. */
export function parseExchange(value: unknown): Exchange | undefined {
  const { request, connection, response, phases_ms: phases } = membersOf(value);
  const sent = parseRequest(membersOf(request));
  if (sent === undefined) return undefined;
  const over = parseConnection(membersOf(connection));
  const answered = parseResponse(membersOf(response));
  const times = membersOf(phases);
  return {
    request: sent,
    ...(over && { connection: over }),
    ...(answered && { response: answered }),
    phasesMs: Object.fromEntries(
      WIRE_PHASES.flatMap((phase) => (isCount(times[phase]) ? [[phase, times[phase]] as const] : [])),
    ),
  };
}

type Members = Readonly<Record<string, unknown>>;

function parseRequest(members: Members): SentRequest | undefined {
  const { method, headers, more_headers: moreHeaders, body_bytes: bodyBytes, written: asWritten } = members;
  const written = WRITTEN.find((word) => word === asWritten);
  if (typeof method !== 'string' || written === undefined || !isCount(moreHeaders) || !isCount(bodyBytes)) {
    return undefined;
  }
  return {
    method,
    ...(Array.isArray(headers) && { headers: headers.map(membersOf).flatMap(parseHeader) }),
    moreHeaders,
    bodyBytes,
    written,
  };
}

function parseHeader({ name, value, of }: Members): SentHeader[] {
  if (typeof name !== 'string') return [];
  const owner = HEADER_OWNERS.find((word) => word === of);
  return [{ name, ...(typeof value === 'string' && { value }), ...(owner && { of: owner }) }];
}

function parseConnection({ kept, family: named, reach: judged, tls, ...more }: Members): SentOver | undefined {
  const family = FAMILIES.find((word) => word === named);
  const reach = REACHES.find((word) => word === judged);
  if (family === undefined || reach === undefined) return undefined;
  return {
    isKept: kept === true,
    family,
    reach,
    ...(typeof tls === 'string' && { tls }),
    ...(more['client_certificate'] === true && { hasClientCertificate: true as const }),
  };
}

function parseResponse(members: Members): Answered | undefined {
  const { headers, more_headers: moreHeaders, body_bytes: bodyBytes, complete } = members;
  if (!isCount(moreHeaders) || !isCount(bodyBytes)) return undefined;
  return {
    ...(Array.isArray(headers) && { headers: headers.filter((name) => typeof name === 'string') }),
    moreHeaders,
    bodyBytes,
    isComplete: complete === true,
  };
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
