// The renderer as it is, with the runtime's own time zone data; the instant is given. Nothing is a double.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderTemplate } from '../../../shared/enqueue/payload-template.ts';
import { NO_CONTEXT, RenderContext } from '../../../shared/enqueue/render-context.ts';
import { RequestFaults } from '../../../shared/enqueue/request-faults.ts';
import { RequestWarnings } from '../../../shared/enqueue/request-warnings.ts';

const NOW_MS = Date.parse('2026-11-23T13:05:09.000Z');

function render(template: unknown, context: Record<string, unknown> = {}, maxBytes = 262_144) {
  const faults = new RequestFaults();
  const warnings = new RequestWarnings();
  const input = { template, context: new RenderContext(context), nowMs: NOW_MS, maxBytes };
  const text = renderTemplate(input, { faults, warnings });
  const fault = faults.count === 0 ? undefined : `${faults.errorType}: ${faults.message}`;
  return { text, warnings: warnings.list, fault };
}

/** What one template string becomes. */
function rendered(template: string, context: Record<string, unknown> = {}): unknown {
  const { text, fault } = render([template], context);
  if (text === undefined) throw new Error(fault);
  return JSON.parse(text)[0];
}

describe('a placeholder', () => {
  const context = {
    name: 'Ada',
    empty: '',
    nothing: null,
    zero: 0,
    yes: true,
    no: false,
    half: -0.5,
    customer: { first_name: 'Grace', tags: ['a', { b: 'deep' }], é: 'accent' },
  };

  it.each([
    ['Hello {{name}}!', 'Hello Ada!'],
    ['{{ name }}{{\tname\n}}', 'AdaAda'],
    ['{{customer.first_name}}', 'Grace'],
    ['{{customer.tags.0}} {{customer.tags.1.b}}', 'a deep'],
    ['{{customer.é}}', 'accent'],
    ['{{zero}} {{yes}} {{no}} {{half}}', '0 true false -0.5'],
    ['{{missing}}|{{nothing}}|{{customer.missing.more}}', '||'],
    ['{{customer.tags}}', '["a",{"b":"deep"}]'],
    ['{{customer.tags.1}}', '{"b":"deep"}'],
  ])('in %j renders %j', (template, expected) => {
    expect(rendered(template, context)).toBe(expected);
  });

  it.each([
    ['{{name | nobody}}', 'Ada'],
    ['{{missing | nobody here: at all}}', 'nobody here: at all'],
    ['{{missing|tight}}', 'tight'],
    ['{{nothing | none}}{{empty | none}}', 'nonenone'],
    ['{{zero | none}}{{no | none}}', '0false'],
    ['{{missing | fallback:some default}}', 'some default'],
    ['{{missing | fallback: Hi: friend }}', 'Hi: friend'],
    ['{{missing | fallback:}}{{missing | }}', ''],
    ['{{name | fallback}}', 'Ada'],
    ['{{first_name | fallback}}', 'First_Name'],
    ['{{customer.LAST_NAME | fallback}}', 'Customer.Last_Name'],
    ['{{missing | fallbacks}}', 'fallbacks'],
    ['{{missing | a { b}}', 'a { b'],
  ])('with a default: %j renders %j', (template, expected) => {
    expect(rendered(template, context)).toBe(expected);
  });

  it.each([
    '{{name',
    '{{name }',
    '{{ name | x }',
    '{{}}',
    '{{ }}',
    '{{a b}}',
    '{name}',
    '}}',
    '{{a | x } y}}',
    '{',
    '{{',
    '{{{',
  ])('stays as it is when it is none: %j', (template) => {
    expect(rendered(template, { name: 'Ada', a: 'A', b: 'B' })).toBe(template);
  });

  it.each([
    ['{{unclosed {{name}}', '{{unclosed Ada'],
    ['{{unclosed | x {{name}}', '{{unclosed | x Ada'],
    ['{{{name}}: 1}', '{Ada: 1}'],
    ['{{{{name}} }}', '{{Ada }}'],
    ['{"a":{{name}}}', '{"a":Ada}'],
    ['{"a":{"b":"{{name}}"}}', '{"a":{"b":"Ada"}}'],
  ])('is found beside other braces: %j renders %j', (template, expected) => {
    expect(rendered(template, { name: 'Ada' })).toBe(expected);
  });

  it('finds initial_context.x at the top of the context too, the nested one first', () => {
    expect(rendered('{{initial_context.phone.home}}', { phone: { home: '1' } })).toBe('1');
    expect(rendered('{{initial_context.x}}', { x: 'top', initial_context: { x: 'nested' } })).toBe('nested');
    expect(rendered('{{initial_context.x}}', { x: 'top', initial_context: { x: null } })).toBe('top');
    expect(rendered('{{gathered_context.x}}', { x: 'top' })).toBe('');
  });

  it.each([
    'constructor',
    '__proto__',
    'toString',
    'list.length',
    'list.constructor',
    'list.map',
    'list.-1',
    'list.01',
    'text.0',
    'text.length',
    'hasOwnProperty.call',
  ])('reaches nothing that is not data: %s', (path) => {
    expect(rendered(`{{${path}}}`, { list: ['x'], text: 'abc' })).toBe('');
  });

  it('reaches data of the most unlucky name', () => {
    expect(rendered('{{__proto__.constructor}}', JSON.parse('{"__proto__":{"constructor":"data"}}'))).toBe('data');
  });
});

describe('a value', () => {
  it('is never rendered again', () => {
    expect(rendered('{{a}}', { a: '{{b}}', b: 'secret' })).toBe('{{b}}');
    expect(rendered('{{open}}b}}', { open: '{{', b: 'secret' })).toBe('{{b}}');
    expect(rendered('{{missing | {b}}', { b: 'secret' })).toBe('{b');
  });

  it('keeps its backslashes while those of the template become line breaks', () => {
    expect(rendered('one\\ntwo {{a}}', { a: 'x\\ny' })).toBe('one\ntwo x\\ny');
    expect(rendered('{{missing | one\\ntwo}}')).toBe('one\ntwo');
    expect(rendered('\\{{a}}', { a: 'n' })).toBe('\\n');
  });
});

describe('a template', () => {
  const rounds = (template: unknown, context = {}) => JSON.parse(render(template, context).text ?? 'null');

  it('is rendered in every string and key, and nowhere else', () => {
    const template = { '{{k}}': ['{{v}}', 1, true, null, { deep: '{{v}}' }], call_disposition: 'x' };
    expect(rounds(template, { k: 'key', v: 'value' })).toEqual({
      key: ['value', 1, true, null, { deep: 'value' }],
      call_disposition: 'x',
    });
  });

  it.each([null, 'text', 5, false, ['a']])('may be any JSON value: %j', (template) => {
    expect(rounds(template)).toEqual(template);
  });

  it('keeps the last of keys that render to one name, and warns', () => {
    const { text, warnings } = render({ '{{a}}': 1, x: 2, call_disposition: '' }, { a: 'x' });
    expect(text).toBe('{"x":2,"call_disposition":""}');
    expect(warnings).toEqual(['payload_template: several keys rendered to the same name; the last one is used']);
  });

  it('keeps __proto__ as a name like any other, written or rendered', () => {
    const written = render(JSON.parse('{"__proto__":{"a":"{{v}}"},"call_disposition":""}'), { v: 'x' });
    expect(written.text).toBe('{"__proto__":{"a":"x"},"call_disposition":""}');
    expect(render({ '{{k}}': 1, call_disposition: '' }, { k: '__proto__' }).text).toBe(
      '{"__proto__":1,"call_disposition":""}',
    );
  });

  it('keeps NUL and lone surrogates as escapes', () => {
    expect(render(['{{a}}', '\ud800'], { a: '\0' }).text).toBe('["\\u0000","\\ud800"]');
  });
});

describe('call_disposition', () => {
  it.each([
    [{ a: 1 }, { gathered_context: { call_disposition: 'sold' } }, { a: 1, call_disposition: 'sold' }],
    [{ a: 1 }, { gathered_context: { call_disposition: null } }, { a: 1, call_disposition: '' }],
    [{ a: 1 }, { gathered_context: { call_disposition: 7 } }, { a: 1, call_disposition: 7 }],
    [{ a: 1 }, { call_disposition: 'top' }, { a: 1, call_disposition: '' }],
    [{ a: 1 }, {}, { a: 1, call_disposition: '' }],
    [{ call_disposition: null }, { gathered_context: { call_disposition: 'sold' } }, { call_disposition: null }],
    [{ 'call_{{x}}': 'own' }, { x: 'disposition' }, { call_disposition: 'own' }],
    [[{ a: 1 }], { gathered_context: { call_disposition: 'sold' } }, [{ a: 1 }]],
    ['text', { gathered_context: { call_disposition: 'sold' } }, 'text'],
  ])('of %j with %j makes %j', (template, context, expected) => {
    expect(JSON.parse(render(template, context).text ?? '')).toEqual(expected);
  });

  it('is data, not a template', () => {
    const context = { gathered_context: { call_disposition: '{{a}}' }, a: 'x' };
    expect(render({}, context).text).toBe('{"call_disposition":"{{a}}"}');
  });
});

describe('the time', () => {
  it.each([
    ['{{current_time}}', '2026-11-23 13:05:09 UTC'],
    ['{{ current_time_UTC }}', '2026-11-23 13:05:09 UTC'],
    ['{{current_time_Etc/UTC}}', '2026-11-23 13:05:09 UTC'],
    ['{{current_time_Europe/Berlin}}', '2026-11-23 14:05:09 +01:00'],
    ['{{current_time_Europe/London}}', '2026-11-23 13:05:09 +00:00'],
    ['{{current_time_America/St_Johns}}', '2026-11-23 09:35:09 -03:30'],
    ['{{current_time_Asia/Calcutta}}', '2026-11-23 18:35:09 +05:30'],
    ['{{current_time_America/Argentina/Buenos_Aires}}', '2026-11-23 10:05:09 -03:00'],
    ['{{current_weekday}}', 'Monday'],
    ['{{current_weekday_Pacific/Kiritimati}}', 'Tuesday'],
    ['{{current_time | never}}', '2026-11-23 13:05:09 UTC'],
    ['{{current_time_Pacific/Kiritimati}} {{current_weekday}}', '2026-11-24 03:05:09 +14:00 Tuesday'],
    [
      '{{current_weekday}} {{current_time}} {{current_time_Pacific/Kiritimati | x}}',
      'Tuesday 2026-11-24 03:05:09 +14:00 2026-11-24 03:05:09 +14:00',
    ],
    ['{{current_weekday}} {{current_weekday_Pacific/Kiritimati}}', 'Monday Tuesday'],
  ])('%s is %s', (template, expected) => {
    expect(rendered(template)).toBe(expected);
  });

  it('takes its zone from the same string only', () => {
    expect(render(['{{current_time_Pacific/Kiritimati}}', '{{current_weekday}}']).text).toContain('Monday');
  });

  it('is midnight at 00, not at 24', () => {
    const report = { faults: new RequestFaults(), warnings: new RequestWarnings() };
    const nowMs = Date.parse('2026-11-23T23:00:00Z');
    const template = '{{current_time_Europe/Berlin}}';
    expect(renderTemplate({ template, context: NO_CONTEXT, nowMs, maxBytes: 1000 }, report)).toBe(
      '"2026-11-24 00:00:00 +01:00"',
    );
  });

  it.each(['Mars/Olympus', '+01:00', '../etc/passwd', 'x'.repeat(5000)])(
    'of an unknown zone is empty and warns: %s',
    (zone) => {
      const { text, warnings } = render([`{{current_time_${zone}}}`, `{{current_weekday_${zone} | some day}}`]);
      expect(text).toBe('["","some day"]');
      expect(warnings).toHaveLength(1);
      expect(warnings.join().length).toBeLessThan(150);
    },
  );

  it('does not hide data whose name begins alike', () => {
    expect(render(['{{current_time_slot}}'], { current_time_slot: 'morning' })).toMatchObject({
      text: '["morning"]',
      warnings: [],
    });
  });
});

describe('a number that parsers change', () => {
  it('is refused where it would be sent', () => {
    expect(render(['{{ids}}', '{{a.b}}'], { ids: [1, 2 ** 53], a: { b: Infinity } }).fault).toMatch(
      /^InvalidRequest: render_context\.ids\[1\]: is a number.*; render_context\.a\.b: is a number/,
    );
    expect(render({ n: 2 ** 60 }).fault).toMatch(/^InvalidRequest: payload_template\.n: is a number/);
    expect(render({}, { gathered_context: { call_disposition: 2 ** 53 } }).fault).toMatch(
      /render_context\.gathered_context\.call_disposition/,
    );
  });

  it('does no harm where nothing of it is sent', () => {
    expect(render(['{{a}}'], { a: 'x', unused: 2 ** 60 }).text).toBe('["x"]');
  });

  it('is told once, however often it is used', () => {
    expect(render(['{{a}}{{a}}', '{{a}}'], { a: 2 ** 53 }).fault?.match(/render_context/g)).toHaveLength(1);
  });
});

describe('what a template may be', () => {
  it('renders the same data, whatever text surrounds its placeholders', () => {
    const plain = fc.string({ unit: 'binary' }).filter((text) => !/[{\\]/.test(text));
    fc.assert(
      fc.property(plain, plain, fc.string({ unit: 'binary' }), (before, after, value) => {
        fc.pre(!after.startsWith('}'));
        expect(rendered(`${before}{{v}}${after}`, { v: value })).toBe(before + value + after);
      }),
    );
  });
});
