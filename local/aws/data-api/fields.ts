import { readArrayLiteral } from './array-literal.ts';
import { DataApiFault } from './fault.ts';
import type { PostgresType } from './type-catalog.ts';

export type ResultOptions = {
  longReturnType: 'LONG' | 'STRING';
  decimalReturnType: 'STRING' | 'DOUBLE_OR_LONG';
};

/**
 * JSON text of a value and the member of the Field union it belongs to. As text, so that no long is converted to a double.
 */
type Scalar = { member: 'longValue' | 'doubleValue' | 'booleanValue' | 'blobValue' | 'stringValue'; json: string };
type ReadScalar = (text: string) => Scalar;

/** Writes a value of a column, in PostgreSQL's text form, as the JSON of a Field. */
export type WriteField = (text: string | null) => string;

const ARRAY_MEMBER = {
  longValue: 'longValues',
  doubleValue: 'doubleValues',
  booleanValue: 'booleanValues',
  stringValue: 'stringValues',
} as const;

/**
 * "RDS Data API supports following Aurora PostgreSQL scalar types", by their names in pg_type; and oid, which it also
 * returns, timestamptz ("always … in UTC time zone"), and void, the result type of a function that returns nothing.
 */
const SCALARS: Readonly<Record<string, (options: ResultOptions) => ReadScalar>> = {
  bool: () => (text) => ({ member: 'booleanValue', json: text === 't' ? 'true' : 'false' }),
  int2: longOrString,
  int4: longOrString,
  int8: longOrString,
  oid: longOrString,
  float4: () => readDouble,
  float8: () => readDouble,
  numeric: ({ decimalReturnType }) => (decimalReturnType === 'STRING' ? readString : readDecimalAsNumber),
  bytea: () => (text) => ({
    member: 'blobValue',
    json: `"${Buffer.from(text.slice(2), 'hex').toString('base64')}"`,
  }),
  date: () => (text) => readString(finite(text)),
  time: () => (text) => readString(shortenFraction(text)),
  timestamp: () => (text) => readString(shortenFraction(finite(text))),
  timestamptz: () => (text) => readString(toUtcWallClock(finite(text))),
  ...Object.fromEntries(
    ['text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', 'uuid', 'inet', 'cidr', 'vector', 'void'].map((name) => [
      name,
      () => readString,
    ]),
  ),
};

/** Array types of the manual that are no arrays of the scalars above, and the other way round. */
const NO_ARRAYS_OF = new Set(['bytea', 'inet', 'cidr', 'vector', 'void']);

/** @throws DataApiFault for a type that the Data API does not return. */
export function fieldWriter(type: PostgresType, options: ResultOptions): WriteField {
  const read = scalarReader(type.isEnum ? 'text' : type.name, options);
  if (read !== undefined) {
    return (text) => {
      if (text === null) return '{"isNull":true}';
      const { member, json } = read(text);
      return `{"${member}":${json}}`;
    };
  }
  const { element } = type;
  const readElement = element === undefined || NO_ARRAYS_OF.has(element) ? undefined : scalarReader(element, options);
  if (readElement === undefined) throw unsupported(type.name);
  return (text) => (text === null ? '{"isNull":true}' : writeArray(text, readElement));
}

function scalarReader(name: string, options: ResultOptions): ReadScalar | undefined {
  return Object.hasOwn(SCALARS, name) ? SCALARS[name]?.(options) : undefined;
}

function writeArray(literal: string, read: ReadScalar): string {
  let member: keyof typeof ARRAY_MEMBER = 'stringValue';
  const elements = readArrayLiteral(literal).map((element) => {
    if (element === null) return 'null';
    const scalar = read(element);
    if (scalar.member !== 'blobValue') member = scalar.member;
    return scalar.json;
  });
  return `{"arrayValue":{"${ARRAY_MEMBER[member]}":[${elements.join(',')}]}}`;
}

function unsupported(name: string): DataApiFault {
  // Its own spelling: INTERVAL, but regclass, and "CHAR" for the one-byte type of the catalogs.
  const spelled = name === 'char' ? '"CHAR"' : name.startsWith('reg') ? name : name.toUpperCase();
  return new DataApiFault('UnsupportedResultException', `The result contains the unsupported data type ${spelled}.`);
}

function longOrString({ longReturnType }: ResultOptions): ReadScalar {
  return longReturnType === 'STRING' ? readString : (text) => ({ member: 'longValue', json: text });
}

function readString(text: string): Scalar {
  return { member: 'stringValue', json: JSON.stringify(text) };
}

function readDouble(text: string): Scalar {
  if (!/\d/.test(text)) throw notExpressible();
  return { member: 'doubleValue', json: text };
}

/** "Converted to a Long value if its scale is 0, or to a Double value otherwise." */
function readDecimalAsNumber(text: string): Scalar {
  if (!/\d/.test(text)) throw notExpressible();
  return { member: text.includes('.') ? 'doubleValue' : 'longValue', json: text };
}

function finite(text: string): string {
  if (text.endsWith('infinity')) throw notExpressible();
  return text;
}

/** The service answers infinite times with a 500 without a message; JSON has no infinite numbers. */
function notExpressible(): DataApiFault {
  return new DataApiFault('InternalFailure');
}

/** No fraction if it is zero, milliseconds if they are exact, otherwise microseconds. */
function shortenFraction(text: string): string {
  const dot = text.indexOf('.');
  if (dot === -1) return text;
  const digits = text.slice(dot + 1).padEnd(6, '0');
  if (digits === '000000') return text.slice(0, dot);
  return `${text.slice(0, dot)}.${digits.endsWith('000') ? digits.slice(0, 3) : digits}`;
}

/** `2026-11-23 14:00:00.5+02` → `2026-11-23 12:00:00.500`: the zone is dropped; the caller must know that it was UTC. */
function toUtcWallClock(text: string): string {
  const [, wallClock, fraction = '', sign, hours = '0', minutes = '0', seconds = '0'] =
    /^(.*?)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/.exec(text) ?? [];
  if (wallClock === undefined) return text;
  const offsetSeconds = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  if (offsetSeconds === 0) return shortenFraction(wallClock + fraction);
  const shiftedMs = Date.parse(`${wallClock.replace(' ', 'T')}Z`) + (sign === '+' ? -1000 : 1000) * offsetSeconds;
  return shortenFraction(new Date(shiftedMs).toISOString().slice(0, 19).replace('T', ' ') + fraction);
}
