// What forms and editors leave behind in a request. Everything that judges it is the real one. Nothing is a double.
import { describe, expect, it } from 'vitest';
import { accepted, parse, refusal } from './enqueue-request-world.ts';

const header = (key: unknown, value: unknown) => ({ key, value });
const SOURCE = { key: 'X-Source', value: 'dograh' };

function warningsOf(changes: Record<string, unknown>): string[] {
  const item = parse(changes);
  if (item.kind !== 'accepted') throw new Error(JSON.stringify(item));
  return item.warnings;
}

describe('rows of headers, as a form leaves them', () => {
  it.each([[header('', '')], [header(' ', '\t')], [header(null, null)], [{}], [header('', null)]])(
    'are passed over without a word where they are blank: %j',
    (row) => {
      const changes = { custom_headers: [row, SOURCE, row] };
      expect(accepted(changes).customHeaders).toEqual([SOURCE]);
      expect(warningsOf(changes)).toEqual([]);
    },
  );

  it.each([
    [header('X-Source ', ' dograh ')],
    [header('\u00a0X-Source', 'dograh\r\n')],
    [header('\tX-Source', 'dograh\n')],
  ])('lose the blanks around names and values: %j', (row) => {
    expect(accepted({ custom_headers: [row] }).customHeaders).toEqual([SOURCE]);
    expect(warningsOf({ custom_headers: [row] })).toEqual([
      'custom_headers[0]: blanks around its name or value were cut off',
    ]);
  });

  it('are left out where they repeat one in any case of its name', () => {
    const changes = { custom_headers: [SOURCE, SOURCE, header('x-source', 'dograh ')] };
    expect(accepted(changes).customHeaders).toEqual([SOURCE]);
    expect(warningsOf(changes)).toEqual([
      'custom_headers[1]: X-Source repeats an earlier row and was left out',
      'custom_headers[2]: x-source repeats an earlier row and was left out',
    ]);
  });

  it('are refused where they repeat a name with another value', () => {
    expect(refusal({ custom_headers: [SOURCE, header('X-Source', 'other')] })).toBe(
      'InvalidRequest: custom_headers[1].key: X-Source repeats the name of custom_headers[0]',
    );
  });

  it.each(['', ' ', null, undefined])('are left out where they have a name and no value: %j', (value) => {
    const changes = { custom_headers: [header('X-A', value), SOURCE] };
    expect(accepted(changes).customHeaders).toEqual([SOURCE]);
    expect(warningsOf(changes)).toEqual(['custom_headers[0]: X-A has no value and was left out']);
  });

  it('are refused where they have a value and no name', () => {
    expect(refusal({ custom_headers: [header(' ', 'x')] })).toBe(
      'InvalidRequest: custom_headers[0].key: must be an HTTP header name (RFC 9110 token)',
    );
  });

  it.each([
    [header('X\u200b-A', '1'), 'custom_headers[0].key: holds the invisible character U+200B at character 2'],
    [header('X-A', 'a\u00adb'), 'custom_headers[0].value: holds the invisible character U+00AD at character 2'],
    [header('X-A', '\ufeffb'), 'custom_headers[0].value: holds the invisible character U+FEFF at character 1'],
  ])('are refused for what nobody sees, by code point and place: %j', (row, fault) => {
    expect(refusal({ custom_headers: [row] })).toBe(`InvalidRequest: ${fault}`);
  });

  it('hold fifty headers, however many rows are blank or repeated', () => {
    const rows = Array.from({ length: 50 }, (_, n) => header(`X-${n}`, '1'));
    const blanks = Array.from({ length: 500 }, () => header('', ''));
    const custom_headers = [...blanks, ...rows, ...rows, ...blanks];
    expect(accepted({ custom_headers }).customHeaders).toEqual(rows);
    expect(refusal({ custom_headers: [...custom_headers, header('X-50', '1')] })).toBe(
      'InvalidRequest: custom_headers: more than 50 headers',
    );
  });

  it('are absent as empty text, and so is a credential', () => {
    const changes = { custom_headers: '', credential_uuid: ' ' };
    expect(accepted(changes)).toEqual(accepted());
    expect(warningsOf(changes)).toEqual([
      'credential_uuid: is empty and counts as left out: the webhook is sent without a credential',
      'custom_headers: is empty text and counts as left out',
    ]);
  });
});

it('blanks around a credential are cut off', () => {
  const credential_uuid = '0b1d2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b';
  expect(accepted({ credential_uuid: ` ${credential_uuid}\n` }).credentialUuid).toBe(credential_uuid);
  expect(warningsOf({ credential_uuid: ` ${credential_uuid}\n` })).toEqual([
    'credential_uuid: blanks around it were cut off',
  ]);
});

describe('an ordering key', () => {
  it.each([' order 7', 'order 7\r\n', '\u00a0order 7\t'])('loses the blanks around it: %j', (ordering_key) => {
    expect(accepted({ ordering_key })).toEqual(accepted({ ordering_key: 'order 7' }));
    expect(warningsOf({ ordering_key })).toEqual(['ordering_key: blanks around it were cut off']);
    expect(warningsOf({ ordering_key: 'order 7' })).toEqual([]);
  });

  it('has at most 255 characters without them', () => {
    const ordering_key = ` ${'x'.repeat(255)} `;
    expect(accepted({ ordering_key }).orderingKey).toBe('x'.repeat(255));
    expect(refusal({ ordering_key: `${ordering_key}x` })).toMatch(
      /^InvalidRequest: ordering_key: must be a string of 1 to 255/,
    );
  });

  it.each(['', ' ', '\r\n'])('is left out where it is empty: %j', (ordering_key) => {
    const changes = { ordering_key, ordering_on_dead_letter: 'continue' };
    expect(accepted(changes)).toEqual(accepted());
    expect(warningsOf(changes)).toEqual([
      'ordering_key: is empty and counts as left out: the webhook waits for no other',
    ]);
    // Whoever says `hold` means a key that is missing.
    expect(refusal({ ordering_key, ordering_on_dead_letter: 'hold' })).toBe(
      'InvalidRequest: ordering_on_dead_letter: hold needs an ordering_key',
    );
  });
});

it('a name of more than 255 characters is cut off between characters', () => {
  expect(accepted({ webhook_name: '\u{1f600}'.repeat(255) }).webhookName).toHaveLength(510);
  expect(warningsOf({ webhook_name: '\u{1f600}'.repeat(255) })).toEqual([]);
  expect(accepted({ webhook_name: '\u{1f600}'.repeat(300) }).webhookName).toBe('\u{1f600}'.repeat(255));
  expect(warningsOf({ webhook_name: 'x'.repeat(300) })).toEqual([
    'webhook_name: only its first 255 characters were kept',
  ]);
});

it('blanks and a fragment of a URL are told with it', () => {
  const endpoint_url = ' https://hooks.example.com/in#top';
  expect(accepted({ endpoint_url })).toEqual(accepted());
  expect(warningsOf({ endpoint_url })).toEqual([
    'endpoint_url: blanks around it were cut off',
    'endpoint_url: its fragment was cut off, because no request carries one',
  ]);
});

describe('a placeholder outside the template', () => {
  const words = '{{…}} is sent as it stands, because placeholders are rendered in payload_template alone';

  it('goes out as it stands, with a warning that names its place', () => {
    const changes = {
      endpoint_url: 'https://hooks.example.com/{{run_id}}',
      custom_headers: [SOURCE, header('X-Run', '{{workflow_run_id}}'), header('X-Token', '{{secret}}')],
    };
    expect(accepted(changes)).toMatchObject({
      endpointUrl: 'https://hooks.example.com/%7B%7Brun_id%7D%7D',
      customHeaders: [SOURCE, header('X-Run', '{{workflow_run_id}}')],
    });
    expect(warningsOf(changes)).toEqual([
      `endpoint_url: ${words}`,
      'custom_headers[2]: X-Token looks like a secret and was dropped; store it in a credential and set credential_uuid',
      `custom_headers[1]: ${words}`,
    ]);
  });

  it('makes no host, and the fault says why', () => {
    expect(refusal({ endpoint_url: 'https://{{host}}/in' })).toMatch(
      /^InvalidRequest: endpoint_url: .*; placeholders are rendered in payload_template alone$/,
    );
  });

  it('is meant in payload and payload_json: so a literal {{ is sent', () => {
    expect(warningsOf({ payload: ['{{name}}'] })).toEqual([]);
    expect(accepted({ payload: undefined, payload_json: '["{{name}}"]' }).body).toBe('["{{name}}"]');
  });
});
