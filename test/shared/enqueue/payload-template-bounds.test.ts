// The renderer as it is. Bounds are asserted by what comes out; a renderer without them would not come back at all
// within the runner's time limit.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PAYLOAD_BYTES } from '../../../shared/runtime/limits.ts';
import { renderTemplate } from '../../../shared/enqueue/payload-template.ts';
import { RenderContext } from '../../../shared/enqueue/render-context.ts';
import { RequestFaults } from '../../../shared/enqueue/request-faults.ts';
import { RequestWarnings } from '../../../shared/enqueue/request-warnings.ts';

function render(template: unknown, context: Record<string, unknown> = {}, maxBytes = MAX_PAYLOAD_BYTES) {
  const faults = new RequestFaults();
  const report = { faults, warnings: new RequestWarnings() };
  const text = renderTemplate({ template, context: new RenderContext(context), nowMs: 0, maxBytes }, report);
  return text ?? `${faults.errorType}: ${faults.message}`;
}

const TOO_LARGE = /^PayloadTooLarge: payload_template: renders to more than \d+ bytes$/;

describe('the size of a rendered payload', () => {
  it('may be the limit exactly, in bytes of UTF-8', () => {
    expect(render('{{a}}', { a: 'é'.repeat(4) }, 10)).toBe('"éééé"');
    expect(render('{{a}}', { a: 'é'.repeat(4) }, 9)).toMatch(TOO_LARGE);
  });

  it('counts escapes and structure', () => {
    expect(render(['{{a}}'], { a: '\0' }, 9)).toMatch(TOO_LARGE);
    expect(render([1, 2, 3, 4, 5], {}, 10)).toMatch(TOO_LARGE);
  });

  it('never passes the limit, whatever template and values', () => {
    const piece = fc.constantFrom('{{a}}', '{{b | x}}', '{{', '}}', 'é', '\\n', '{{list}}', '\u{1f600}', '"');
    const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    const { template } = fc.letrec((tie) => ({
      template: fc.oneof({ depthSize: 'small' }, text, fc.array(tie('template')), fc.dictionary(text, tie('template'))),
    }));
    const context = fc.record({ a: fc.string({ unit: 'binary' }), list: fc.array(fc.integer()) });
    fc.assert(
      fc.property(template, context, fc.integer({ min: 0, max: 60 }), (template, context, maxBytes) => {
        const limited = render(template, context, maxBytes);
        const unlimited = render(template, context);
        const fits = Buffer.byteLength(unlimited) <= maxBytes;
        expect(fits ? limited === unlimited : TOO_LARGE.test(limited)).toBe(true);
      }),
    );
  });

  it('counts a key once that several render to', () => {
    const a = 'x'.repeat(100);
    const template = { '{{a}}': 1, '{{b}}': 2, '{{c}}': 3 };
    const text = `{"${a}":3,"call_disposition":""}`;
    expect(render(template, { a, b: a, c: a }, text.length)).toBe(text);
    expect(render(template, { a, b: a, c: a }, text.length - 1)).toMatch(TOO_LARGE);
  });

  it('stops a template whose keys render to one big name without end', () => {
    const a = 'x'.repeat(100_000);
    const keys = Array.from({ length: 100_000 }, (_, n) => [`{{a}}{{missing.${n}}}`, n]);
    expect(render(Object.fromEntries(keys), { a })).toMatch(TOO_LARGE);
  });

  it('stops a template that is large itself, whatever it is made of', () => {
    for (const unit of [{}, [], '', 0, null, { a: {} }, [[], []]]) {
      expect(render(Array(150_000).fill(unit))).toMatch(TOO_LARGE);
    }
    expect(render(Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [n, 0])))).toMatch(TOO_LARGE);
  });

  it('neither judges nor writes out a value of the context that is larger', () => {
    const list = Array.from({ length: 200_000 }, () => ({}));
    expect(render('{{list}}', { list: [2 ** 60, ...list] })).toMatch(TOO_LARGE);
    expect(render({}, { gathered_context: { call_disposition: list } })).toMatch(TOO_LARGE);
  });

  it('stops a template that multiplies a big value', () => {
    const a = 'x'.repeat(200_000);
    expect(render('{{a}}'.repeat(100_000), { a })).toMatch(TOO_LARGE);
    expect(render(Array(100_000).fill('{{a}}'), { a })).toMatch(TOO_LARGE);
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`{{a}}${n}`, n]));
    expect(render(keys, { a })).toMatch(TOO_LARGE);
  });

  it('stops a template that multiplies a big object or a default', () => {
    const list = Array.from({ length: 50_000 }, (_, n) => n);
    expect(render('{{list}}'.repeat(100_000), { list })).toMatch(TOO_LARGE);
    expect(render(`{{missing | ${'y'.repeat(300_000)}}}`)).toMatch(TOO_LARGE);
  });
});

describe('a pathological template', () => {
  it.each([
    ['opening braces', '{'.repeat(2_000_000)],
    ['closing braces', '}'.repeat(2_000_000)],
    ['unclosed paths', '{{a'.repeat(800_000)],
    ['unclosed defaults', '{{a|'.repeat(600_000)],
    ['unclosed defaults with one brace at the end', `${'{{a|'.repeat(600_000)}}`],
    ['blanks', `{{${' '.repeat(2_000_000)}`],
    ['blanks after many openings', `${'{{ '.repeat(800_000)}a`],
    ['bars', `{{a${'|'.repeat(2_000_000)}`],
  ])('of %s stays as it is, in linear time', (_, template) => {
    expect(render(template, {}, 5_000_000) === JSON.stringify(template)).toBe(true);
  });

  it('of zoneless times reads its own string once for them', () => {
    expect(render(`${'{{current_time}}'.repeat(1000)}${'{{missing}}'.repeat(300_000)}`)).toHaveLength(23_002);
  });

  it('of a million missing values renders nothing', () => {
    expect(render('{{a.b.c}}'.repeat(300_000))).toBe('""');
    expect(render(`{{${'a.'.repeat(500_000)}}}`)).toBe('""');
  });

  it('of very many time zones is refused', () => {
    const zones = (count: number) => Array.from({ length: count }, (_, n) => `{{current_time_Zone/${n}}}`).join('');
    expect(render(zones(100))).toBe('""');
    expect(render(zones(200_000))).toBe('InvalidRequest: payload_template: names more than 100 time zones');
  });

  it('nested beyond 512 levels is refused, and 100,000 levels too', () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(render(nested(512))).toBe(JSON.stringify(nested(512)));
    for (const levels of [513, 100_000]) {
      expect(render(nested(levels))).toBe('InvalidRequest: payload_template: is nested deeper than 512 levels');
      expect(render('{{a}}', { a: nested(levels) })).toBe(
        'InvalidRequest: render_context: is nested deeper than 512 levels',
      );
    }
  });
});
