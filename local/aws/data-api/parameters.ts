import { DataApiFault } from './fault.ts';
import { isJsonObject, type JsonObject } from '../../json-object.ts';

/** A parameter as PostgreSQL gets it: the type it is declared with, and its text form. */
export type BoundParameter = { oid: number; text: string | null };

/** Declared types, by PostgreSQL's fixed oids. Zero leaves it to PostgreSQL to infer. */
const OID = { bool: 16, bytea: 17, bigint: 20, text: 25, json: 114, float8: 701, inferred: 0 } as const;

/**
 * "The corresponding String parameter value is sent as an object of … type to the database", with the accepted formats of
 * API_SqlParameter. The database itself judges decimals, JSON and UUIDs.
 */
const TYPE_HINTS: Readonly<Record<string, { oid: number; format?: RegExp; form?: string }>> = {
  DATE: { oid: 1082, format: /^\d{4}-\d\d-\d\d$/, form: 'YYYY-MM-DD' },
  DECIMAL: { oid: 1700 },
  JSON: { oid: OID.json },
  TIME: { oid: 1083, format: /^\d\d:\d\d:\d\d(\.\d{1,3})?$/, form: 'HH:MM:SS[.FFF]' },
  TIMESTAMP: { oid: 1114, format: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?$/, form: 'YYYY-MM-DD HH:MM:SS[.FFF]' },
  UUID: { oid: 2950 },
};

/** Parses one list of SqlParameter: name → bound parameter. */
export function readParameters(list: unknown): Map<string, BoundParameter> {
  const bound = new Map<string, BoundParameter>();
  if (list === undefined || list === null) return bound;
  if (!Array.isArray(list)) throw new DataApiFault('SerializationException', 'parameters is not a list');
  for (const entry of list as unknown[]) {
    if (!isJsonObject(entry)) throw new DataApiFault('SerializationException', 'a parameter is not a structure');
    const name = entry['name'];
    if (typeof name !== 'string' || name === '') {
      throw new DataApiFault('ValidationException', 'a parameter has no name');
    }
    bound.set(name, bind(entry));
  }
  return bound;
}

function bind(entry: JsonObject): BoundParameter {
  const name = String(entry['name']);
  const { kind, value } = onlyMember(entry['value'], name);
  const hint = entry['typeHint'] ?? undefined;
  if (hint === undefined) return bindByKind(kind, value, name);
  const hinted = typeof hint === 'string' ? TYPE_HINTS[hint] : undefined;
  if (hinted === undefined) throw new DataApiFault('ValidationException', `typeHint of parameter ${name} is not known`);
  if (kind === 'isNull') return { oid: hinted.oid, text: null };
  if (kind !== 'stringValue' || typeof value !== 'string') {
    throw new DataApiFault('ValidationException', `parameter ${name} has a typeHint but no stringValue`);
  }
  if (hinted.format?.test(value) === false) {
    throw new DataApiFault('ValidationException', `parameter ${name} is not of the form ${hinted.form}`);
  }
  return { oid: hinted.oid, text: wellFormed(value) };
}

/** A union: exactly one member must be present. */
function onlyMember(field: unknown, name: string): { kind: string; value: unknown } {
  if (!isJsonObject(field)) throw new DataApiFault('ValidationException', `parameter ${name} has no value`);
  const members = Object.entries(field).filter(([, value]) => value !== null && value !== undefined);
  const [member] = members;
  if (member === undefined || members.length > 1) {
    throw new DataApiFault('SerializationException', `the value of parameter ${name} needs exactly one member`);
  }
  return { kind: member[0], value: member[1] };
}

function bindByKind(kind: string, value: unknown, name: string): BoundParameter {
  switch (kind) {
    case 'isNull':
      if (value === true) return { oid: OID.inferred, text: null };
      break;
    case 'stringValue':
      if (typeof value === 'string') return { oid: OID.text, text: wellFormed(value) };
      break;
    case 'longValue':
      if (typeof value === 'number' && Number.isInteger(value))
        return { oid: OID.bigint, text: BigInt(value).toString() };
      break;
    case 'doubleValue':
      if (typeof value === 'number' || isNonFiniteWord(value)) return { oid: OID.float8, text: String(value) };
      break;
    case 'booleanValue':
      if (typeof value === 'boolean') return { oid: OID.bool, text: value ? 't' : 'f' };
      break;
    case 'blobValue':
      if (typeof value === 'string') {
        return { oid: OID.bytea, text: `\\x${Buffer.from(value, 'base64').toString('hex')}` };
      }
      break;
    case 'arrayValue':
      throw new DataApiFault('ValidationException', 'Array parameters are not supported.');
    default:
      throw new DataApiFault('SerializationException', `parameter ${name} has the unknown member ${kind}`);
  }
  throw new DataApiFault('SerializationException', `${kind} of parameter ${name} is of the wrong type`);
}

/** How the rest-json protocol writes doubles that JSON has no number for. */
function isNonFiniteWord(value: unknown): value is string {
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity';
}

/** A lone surrogate is not a character and has no UTF-8 form: the service cannot even read such a request. */
function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new DataApiFault('SerializationException', 'a string holds a lone surrogate');
  return text;
}
