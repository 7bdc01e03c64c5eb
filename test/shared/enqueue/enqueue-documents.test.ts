// The examples and figures of the documents for callers. Real: the documents, the renderer, everything that judges a request; the
// instant is given. Nothing is a double.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isReservedHeader } from '../../../shared/delivery/headers.ts';
import {
  MAX_CUSTOM_HEADER_BYTES,
  MAX_CUSTOM_HEADERS,
  MAX_DELIVERIES_PER_REQUEST,
  MAX_INVOKE_REQUEST_BYTES,
  MAX_NODE_ID_CHARACTERS,
  MAX_PAYLOAD_BYTES,
  MAX_PAYLOAD_DEPTH,
  MAX_QUEUE_MESSAGE_BYTES,
  MAX_REQUEST_PARTS,
  MAX_TEMPLATE_TIME_ZONES,
  MAX_URL_CHARACTERS,
} from '../../../shared/runtime/limits.ts';
import { parse } from './enqueue-request-world.ts';

const NOW_MS = Date.parse('2026-11-23T13:05:09.000Z');
const document = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const templates = document('payload-templates.md');
const enqueue = document('enqueue.md');
const context: unknown = JSON.parse(/```json\n([^`]*)```/.exec(templates)?.[1] ?? '');

/** The rows of two cells in code of the table below a heading. */
function rowsBelow(text: string, heading: string): [string, string][] {
  const from = text.indexOf(`\n## ${heading}\n`);
  const section = text.slice(from, text.indexOf('\n## ', from + 1));
  const code = (cell: string) => /^`(.*)`$/.exec(cell.trim())?.[1]?.replaceAll('\\|', '|') ?? '';
  return [...section.matchAll(/^\| (`.*?`) \| ?(`.*`)? ?\|$/gm)].map(([, written = '', other = '']) => [
    code(written),
    code(other),
  ]);
}

function rendered(template: string): { text: unknown; warnings: readonly string[] } {
  const item = parse({ payload: undefined, payload_template: [template], render_context: context }, { nowMs: NOW_MS });
  if (item.kind !== 'accepted') throw new Error(JSON.stringify(item));
  return { text: JSON.parse(item.delivery.body)[0], warnings: item.warnings };
}

describe('docs/payload-templates.md', () => {
  const placeholders = rowsBelow(templates, 'Placeholders');
  const foreign = rowsBelow(templates, 'What is not rendered');

  it('has rows to hold it to', () => {
    expect([placeholders.length, foreign.length]).toEqual([17, 7]);
  });

  it.each(placeholders)('%s becomes %s', (template, becomes) => {
    expect(rendered(template)).toEqual({ text: becomes, warnings: [] });
  });

  it.each(foreign)('%s is sent as it stands; instead: %s', (template, instead) => {
    const way = instead === '' ? 'is sent as it stands' : `; write ${instead}`;
    expect(rendered(template)).toEqual({ text: template, warnings: [expect.stringMatching(`${RegExp.escape(way)}$`)] });
  });

  it('has the bounds of the code', () => {
    for (const bound of [MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH, MAX_TEMPLATE_TIME_ZONES]) {
      expect(templates).toContain(` ${bound.toLocaleString('en-US')} `);
    }
  });
});

describe('docs/enqueue.md', () => {
  it('has the sizes of the code', () => {
    const sizes = [
      ['a request by invoke', MAX_INVOKE_REQUEST_BYTES],
      ['a request by queue', MAX_QUEUE_MESSAGE_BYTES],
      ['deliveries in a request', MAX_DELIVERIES_PER_REQUEST],
      ['objects, lists, names and strings in a request', MAX_REQUEST_PARTS],
      ['a frozen body', MAX_PAYLOAD_BYTES],
      ['nesting of JSON', MAX_PAYLOAD_DEPTH],
      ['`endpoint_url`, normalised', MAX_URL_CHARACTERS],
      ['`webhook_node_id`', MAX_NODE_ID_CHARACTERS],
      ['custom headers', MAX_CUSTOM_HEADERS],
    ] as const;
    for (const [what, size] of sizes) {
      const row = enqueue.split('\n').find((line) => line.startsWith(`| ${what}`));
      expect(row?.split(' | ')[1]).toMatch(new RegExp(`^${size.toLocaleString('en-US')}\\b`));
    }
    expect(enqueue).toContain(`and ${MAX_CUSTOM_HEADER_BYTES.toLocaleString('en-US')} bytes of names`);
  });

  it('names reserved headers that are', () => {
    const section = /Reserved, in any case.*?\n\n/s.exec(enqueue)?.[0] ?? '';
    const names = [...section.matchAll(/`([A-Za-z][\w*-]{1,})`/g)].map(([, name = '']) =>
      name.replace('*', 'Connection'),
    );
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !isReservedHeader(name, 'X-Dograh'))).toEqual([]);
  });
});
