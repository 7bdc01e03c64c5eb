import { type Answered, listAt, numberAt, objectOf, textAt } from './answer-values.ts';

/** What one attempt put on the wire, over what, and what came back, as `inspect` tells it. */
export type ExchangeRecord = {
  method: string;
  /** Undefined once they are erased. */
  sentHeaders: readonly SentHeader[] | undefined;
  moreSent: number;
  sentBytes: number;
  /** How much of the request may have reached the receiver. */
  written: string;
  connection:
    | { isKept: boolean; family: string; reach: string; tls: string | undefined; hasClientCertificate: boolean }
    | undefined;
  answered: { headers: readonly string[] | undefined; more: number; bytes: number; isComplete: boolean } | undefined;
  /** Milliseconds, in the order of the phases. */
  phases: readonly { name: string; ms: number }[];
};

export type SentHeader = { name: string; value: string | undefined; of: string | undefined };

const PHASES = ['wait', 'resolve', 'connect', 'tls', 'first_byte', 'body'];

/** Undefined where nothing is known of the request. */
export function readExchange(value: unknown): ExchangeRecord | undefined {
  const exchange = objectOf(value);
  const request = objectOf(exchange['request']);
  const method = textAt(request, 'method');
  if (method === undefined) return undefined;
  const phases = objectOf(exchange['phases_ms']);
  return {
    method,
    sentHeaders: Array.isArray(request['headers']) ? listAt(request, 'headers').map(readHeader) : undefined,
    moreSent: numberAt(request, 'more_headers') ?? 0,
    sentBytes: numberAt(request, 'body_bytes') ?? 0,
    written: textAt(request, 'written') ?? '',
    connection: readConnection(exchange['connection']),
    answered: readAnswered(exchange['response']),
    phases: PHASES.flatMap((name) => {
      const ms = numberAt(phases, name);
      return ms === undefined ? [] : [{ name, ms }];
    }),
  };
}

function readHeader(entry: unknown): SentHeader {
  const header = objectOf(entry);
  return { name: textAt(header, 'name') ?? '', value: textAt(header, 'value'), of: textAt(header, 'of') };
}

function readConnection(value: unknown): ExchangeRecord['connection'] {
  const connection = objectOf(value);
  const family = textAt(connection, 'family');
  if (family === undefined) return undefined;
  return {
    isKept: connection['kept'] === true,
    family,
    reach: textAt(connection, 'reach') ?? '',
    tls: textAt(connection, 'tls'),
    hasClientCertificate: connection['client_certificate'] === true,
  };
}

function readAnswered(value: unknown): ExchangeRecord['answered'] {
  const response: Answered = objectOf(value);
  const bytes = numberAt(response, 'body_bytes');
  if (bytes === undefined) return undefined;
  return {
    headers: Array.isArray(response['headers']) ? listAt(response, 'headers').map(String) : undefined,
    more: numberAt(response, 'more_headers') ?? 0,
    bytes,
    isComplete: response['complete'] === true,
  };
}
