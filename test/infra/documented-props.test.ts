// Defaults and ranges, as docs/api.md tells them, held to what synthesis does. Real: docs/api.md, the rules of the props. No doubles. What a
// comment says in words (`Default: none`) is not read here.
import { describe, expect, test } from 'vitest';
import { InvalidProps, resolveProps, SETTING_PROPS } from '../../infra/resolve-props.ts';
import { DELIVERY_DEFAULTS } from '../../shared/settings.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { sourceOf } from '../house/sources.ts';

const API = sourceOf('docs/api.md');
/** Where the members of a documented type are set. */
const TYPES: Readonly<Record<string, (member: object) => WebhookDeliveryProps>> = {
  WebhookDeliveryProps: (member) => member,
  NewDatabase: (member) => ({ database: { kind: 'new', maxCapacity: 256, ...member } }),
  AlarmThresholds: (member) => ({ alarmThresholds: member }),
};

type Documented = { type: string; name: string; doc: string };

const MEMBERS: Documented[] = Object.keys(TYPES).flatMap((type) => {
  const [, rest = ''] = API.split(`\n### ${type}\n`);
  const [section = ''] = rest.split('\n### ');
  return [...section.matchAll(/^- `(\w+)\??: [^`]*`: (.*)$/gm)].map(([, name = '', doc = '']) => ({ type, name, doc }));
});

/** What somebody gets who sets nothing, as text. */
function defaultOf({ type, name }: Documented): string | undefined {
  const resolved = resolveProps({});
  const setting = SETTING_PROPS.find(([prop]) => prop === name);
  if (setting !== undefined) return Reflect.get(DELIVERY_DEFAULTS, setting[1]);
  const holders = {
    WebhookDeliveryProps: resolved,
    NewDatabase: resolved.database,
    AlarmThresholds: resolved.alarmThresholds,
  };
  const value: unknown = Reflect.get(Reflect.get(holders, type), name);
  return value === undefined ? undefined : String(value);
}

const DEFAULTS = MEMBERS.flatMap((member) => {
  const [, number, text] = /\bDefault (?:(\d+(?:\.\d+)?|true|false)\b|`([^`]+)`)/.exec(member.doc) ?? [];
  const said = number ?? text;
  return said === undefined ? [] : [{ ...member, said }];
});

test('many defaults are told', () => {
  expect(DEFAULTS.length).toBeGreaterThan(25);
});

test.each(DEFAULTS)('$type.$name is $said where nobody sets it', (member) => {
  expect(defaultOf(member)).toBe(member.said);
});

const RANGES = MEMBERS.flatMap((member) => {
  const [, least, most] = /(?<![\d:])(\d+)–(\d+)(?![\d:]| each| characters)/.exec(member.doc) ?? [];
  // Of the entries of a list or the characters of a name it is no range of this member.
  if (least === undefined || most === undefined) return [];
  return [{ ...member, least: Number(least), most: Number(most), step: member.doc.includes('in halves') ? 0.5 : 1 }];
});

/** Whether props are taken, or refused for this member. */
function isTaken({ type, name }: Documented, value: number): boolean {
  try {
    resolveProps(TYPES[type]?.({ [name]: value }) ?? {});
  } catch (error) {
    if (error instanceof InvalidProps && error.faults.every((fault) => fault.includes(name))) return false;
    throw error;
  }
  return true;
}

describe.each(RANGES)('$type.$name', (member) => {
  const { least, most, step } = member;
  test(`takes ${least} to ${most}, and nothing beyond`, () => {
    const tried = [least - step, least, most, most + step];
    expect(tried.map((value) => isTaken(member, value))).toEqual([false, true, true, false]);
  });
});

test('many ranges are told', () => {
  expect(RANGES.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['maxAttempts', 'attemptTimeoutSeconds', 'deliverConcurrency', 'maxCapacity', 'readers']),
  );
  expect(RANGES.length).toBeGreaterThan(11);
});
