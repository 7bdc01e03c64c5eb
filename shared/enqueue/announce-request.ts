import { isJsonObject } from '../runtime/json-object.ts';
import { MAX_ANNOUNCED } from '../runtime/limits.ts';
import { jsonPath, type RequestErrorType, RequestFaults } from './request-faults.ts';

/** `{"announce":{"delivery_uuids":[…]}}`, judged. */
export type Announcement =
  /** In lower case, in the order of the request. */
  | { kind: 'announcement'; deliveryUuids: string[] }
  | { kind: 'refused'; errorType: RequestErrorType; errorMessage: string };

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Undefined for any other request. Reports all faults at once, each with its path, and no value. */
export function parseAnnouncement(input: unknown): Announcement | undefined {
  if (!isJsonObject(input) || !Object.hasOwn(input, 'announce')) return undefined;
  const faults = new RequestFaults();
  for (const name of Object.keys(input)) {
    if (name !== 'announce') faults.add(jsonPath([name]), 'unknown field next to announce');
  }
  const deliveryUuids = readUuids(input['announce'], faults);
  if (faults.count === 0) return { kind: 'announcement', deliveryUuids };
  return { kind: 'refused', errorType: faults.errorType, errorMessage: faults.message };
}

function readUuids(announce: unknown, faults: RequestFaults): string[] {
  if (!isJsonObject(announce)) {
    faults.add('announce', 'must be {"delivery_uuids":[…]}');
    return [];
  }
  for (const name of Object.keys(announce)) {
    if (name !== 'delivery_uuids') faults.add(jsonPath(['announce', name]), 'unknown field');
  }
  const list: unknown = announce['delivery_uuids'];
  if (!Array.isArray(list) || list.length < 1 || list.length > MAX_ANNOUNCED) {
    faults.add('announce.delivery_uuids', `must be a list of 1 to ${MAX_ANNOUNCED} UUIDs`);
    return [];
  }
  return list.flatMap((uuid: unknown, index) => {
    if (typeof uuid === 'string' && UUID.test(uuid)) return [uuid.toLowerCase()];
    faults.add(`announce.delivery_uuids[${index}]`, 'must be a UUID');
    return [];
  });
}
