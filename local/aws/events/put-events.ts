import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, parsedJsonObject } from '../../json-object.ts';

/** An event as targets and patterns see it. */
export type BusEvent = {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  /** RFC 3339, in whole seconds, as EventBridge writes it. */
  time: string;
  region: string;
  resources: string[];
  detail: JsonObject;
};

export type EventPlace = { region: string; accountId: string };

export type JudgedEntry =
  | { kind: 'event'; busName: string; event: BusEvent }
  | { kind: 'refused'; code: string; message: string };

/** One entry of PutEvents, with the faults that EventBridge names for each entry alone. */
export function judgeEntry(
  entry: unknown,
  place: EventPlace & { nowMs: number; busNames: readonly string[] },
): JudgedEntry {
  const fields = isJsonObject(entry) ? entry : {};
  for (const name of ['Source', 'DetailType', 'Detail']) {
    const value = fields[name];
    if (typeof value !== 'string' || value.trim() === '') {
      return refused('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
    }
  }
  const source = String(fields['Source']);
  if (source.startsWith('aws.')) return refused('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = parsedJsonObject(String(fields['Detail']));
  if (detail === undefined) return refused('MalformedDetail', 'Detail is malformed.');
  const busName = busNameOf(fields['EventBusName']);
  if (!place.busNames.includes(busName)) {
    return refused('ResourceNotFoundException', `Event bus ${busName} does not exist.`);
  }
  const resources = Array.isArray(fields['Resources'])
    ? fields['Resources'].filter((one) => typeof one === 'string')
    : [];
  const event: BusEvent = {
    version: '0',
    id: randomUUID(),
    'detail-type': String(fields['DetailType']),
    source,
    account: place.accountId,
    time: wholeSeconds(typeof fields['Time'] === 'number' ? fields['Time'] * 1000 : place.nowMs),
    region: place.region,
    resources,
    detail,
  };
  return { kind: 'event', busName, event };
}

/** As EventBridge counts an entry: 14 bytes for a time, and its texts in UTF-8. */
export function entryBytes(entry: unknown): number {
  const { Time, Source, DetailType, Detail, Resources } = isJsonObject(entry) ? entry : {};
  const texts = [Source, DetailType, Detail, ...(Array.isArray(Resources) ? Resources : [])];
  const bytes = texts.reduce<number>((sum, text) => sum + (typeof text === 'string' ? Buffer.byteLength(text) : 0), 0);
  return bytes + (Time === undefined ? 0 : 14);
}

/** By name or by ARN; `default` where none is named. */
export function busNameOf(named: unknown): string {
  const text = typeof named === 'string' && named !== '' ? named : 'default';
  return text.slice(text.lastIndexOf('/') + 1);
}

export function scheduledEvent(
  ruleArn: string,
  { region, accountId, nowMs }: EventPlace & { nowMs: number },
): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: accountId,
    time: wholeSeconds(nowMs),
    region,
    resources: [ruleArn],
    detail: {},
  };
}

function wholeSeconds(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function refused(code: string, message: string): JudgedEntry {
  return { kind: 'refused', code, message };
}
