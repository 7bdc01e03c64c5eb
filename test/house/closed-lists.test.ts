// Lists in documents that the code closes: neither lacks an entry. Real: the documents, the sources. No doubles.
import { expect, test } from 'vitest';
import { HTTP_METHODS } from '../../shared/delivery/http-method.ts';
import { OUTCOME_TYPES } from '../../shared/delivery/outcome.ts';
import { ALARM_NAMES } from '../../infra/stack-settings.ts';
import { sourceOf } from './sources.ts';

/** The texts of a list that a source keeps to itself. */
function listOf(path: string, name: string): string[] {
  const found = new RegExp(`\\b${name} = (?:new Set<string>\\()?\\[([^\\]]+)\\]`).exec(sourceOf(path))?.[1];
  if (found === undefined) throw new Error(`${path} has no ${name}`);
  return [...found.matchAll(/'([^']+)'/g)].map(([, text = '']) => text);
}

/** What is quoted in a part of a document, from some words to others. */
function quoted(path: string, { from, to, as = /`([^`]+)`/g }: { from: string; to: string; as?: RegExp }): string[] {
  const text = sourceOf(path);
  const start = text.indexOf(from);
  const end = text.indexOf(to, start + from.length);
  if (start < 0 || end < 0) throw new Error(`${path} has no part from “${from}” to “${to}”`);
  return [...text.slice(start, end).matchAll(as)].map(([, name = '']) => name);
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted();

test('README has every type of credential', () => {
  const [, list = ''] = /\nTypes: ([\s\S]*?): an access token/.exec(sourceOf('README.md')) ?? [];
  const types = [...list.replaceAll(/\{[^}]*\}/g, '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  expect(sorted(types)).toEqual(sorted(listOf('shared/credentials/credentials.ts', 'TYPES')));
});

test('README and the page for callers in Python have every name of an error of enqueue', () => {
  const names = sorted(listOf('client/surehook-error.ts', 'ANSWERED'));
  const readme = quoted('README.md', { from: 'Its `errorType` is', to: 'A request that is refused from' });
  expect(sorted(readme.filter((name) => name !== 'errorType'))).toEqual(names);
  const python = quoted('docs/callers-in-python.md', { from: '## What to try again', to: '| any other' });
  expect(sorted(python)).toEqual(names);
});

test('docs/enqueue.md has every part of a name that looks like a secret', () => {
  const parts = quoted('docs/enqueue.md', { from: 'whose name contains one of', to: 'is dropped' });
  // `authorization` contains `auth`.
  const known = listOf('shared/enqueue/judge-custom-headers.ts', 'SECRET_NAME_PARTS').filter(
    (part) => part !== 'authorization',
  );
  expect(sorted(parts)).toEqual(sorted(known));
});

test('README has every method', () => {
  const [, cell = ''] = /\| `http_method` \| ([^|]+) \|/.exec(sourceOf('README.md')) ?? [];
  expect(sorted(cell.match(/[A-Z]{3,}/g) ?? [])).toEqual(sorted(HTTP_METHODS));
});

test('docs/outcomes.md has every type of event', () => {
  const types = quoted('docs/outcomes.md', {
    from: '| detail type |',
    to: '`failures` is the default',
    as: /^\| `([^`]+)`/gm,
  });
  expect(sorted(types)).toEqual(sorted(Object.values(OUTCOME_TYPES)));
});

test('the comments of the alarms’ switches are of every alarm', () => {
  const switches = quoted('docs/api.md', { from: '### AlarmSwitches', to: '### AlarmThresholds', as: /^- `(\w+)\?/gm });
  expect(sorted(switches)).toEqual(sorted(ALARM_NAMES));
});

test('docs/operations.md has every action that operate and inspect take', () => {
  const rows = quoted('docs/operations.md', {
    from: '## inspect',
    to: 'Each takes `dry_run`',
    as: /^\| ((?:`\w+`,? ?)+)/gm,
  });
  const named = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
  const members = new Set(['member', 'request', 'connection', 'response', 'phases_ms']);
  const actions = ['inspect', 'operate'].flatMap((role) => {
    const schema = sourceOf(`schema/${role}-request.schema.json`);
    return [
      ...schema.matchAll(/"action": \{\s*"type": "string",\s*"(?:const|enum)": (?:"(\w+)"|\[([^\]]*)\])/g),
    ].flatMap(([, one, many = '']) =>
      one === undefined ? [...many.matchAll(/"(\w+)"/g)].map(([, name = '']) => name) : [one],
    );
  });
  expect(actions.length).toBeGreaterThan(10);
  expect(sorted(named.filter((name) => !members.has(name)))).toEqual(sorted(actions));
});
