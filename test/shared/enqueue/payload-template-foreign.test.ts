// The renderer as it is; the instant is given. Nothing is a double. What must never be asserted: that a warning repeats a value of
// the context.
import { describe, expect, it } from 'vitest';
import { renderTemplate } from '../../../shared/enqueue/payload-template.ts';
import { RenderContext } from '../../../shared/enqueue/render-context.ts';
import { RequestFaults } from '../../../shared/enqueue/request-faults.ts';
import { RequestWarnings } from '../../../shared/enqueue/request-warnings.ts';

function render(template: unknown, values: Record<string, unknown> = {}) {
  const warnings = new RequestWarnings();
  const input = { template, context: new RenderContext(values), nowMs: 0, maxBytes: 262_144 };
  return { text: renderTemplate(input, { faults: new RequestFaults(), warnings }), warnings: warnings.list };
}

describe('what only another template language understands', () => {
  const context = { name: 'Ada', items: [{ x: 1 }], job: 'dev' };

  it.each([
    ['{{ $json.name }}', '{{name}}'],
    ['{{ $json["items"][0].x }}', '{{items.0.x}}'],
    ['{{items[0].x}}', '{{items.0.x}}'],
    ["{{items[0]['x']}}", '{{items.0.x}}'],
    ['{{{name}}}', '{{name}}'],
    ['{{{{name}}}}', '{{name}}'],
    ['{{&name}}', '{{name}}'],
    ['{{- name -}}', '{{name}}'],
    ['{{~name~}}', '{{name}}'],
    ['{{.name}}', '{{name}}'],
    ['{{ $now }}', '{{current_time}}'],
    ['{{name|upper}}', '{{name}}'],
    ['{{ name | trim | upper }}', '{{name}}'],
    ['{{ name | truncate(10) }}', '{{name}}'],
    ['{{ name | date: "%Y" }}', '{{name}}'],
    ['{{ name | default("nobody") }}', '{{name | nobody}}'],
    ["{{ name | default('nobody', true) }}", '{{name | nobody}}'],
    ['{{ name | default: "nobody" }}', '{{name | nobody}}'],
    ["{{ name || 'nobody' }}", '{{name | nobody}}'],
    ['{{ name ?? "nobody" }}', '{{name | nobody}}'],
    ["{{ name or 'nobody' }}", '{{name | nobody}}'],
  ])('goes out as it stands, and the warning has the form that works here: %s is %s', (template, form) => {
    const { text, warnings } = render({ deep: [template], call_disposition: '' }, context);
    expect(JSON.parse(text ?? '')).toEqual({ deep: [template], call_disposition: '' });
    expect(warnings).toEqual([
      `payload_template.deep[0]: ${template} is no placeholder here and is sent as it stands; write ${form}`,
    ]);
  });

  it.each([
    '{{#if name}}',
    '{{/if}}',
    '{{else}}',
    '{{^name}}',
    '{{> partial}}',
    '{{! a comment }}',
    '{{@index}}',
    '{{../name}}',
    '{{ $node["Webhook"].json.name }}',
    "{{ $('Webhook').item.json.name }}",
    '{{ name.toUpperCase() }}',
    '{{ a + b }}',
    '{{name, items}}',
    '{{if .name}}',
    '{{}}',
  ])('goes out as it stands, and the warning says that it does: %s', (template) => {
    const { text, warnings } = render([template], context);
    expect(JSON.parse(text ?? '')).toEqual([template]);
    expect(warnings).toEqual([`payload_template[0]: ${template} is no placeholder here and is sent as it stands`]);
  });

  it('is a block as a whole', () => {
    const { text, warnings } = render(['{{#if name}}y{{else}}n{{/if}}'], context);
    expect(text).toBe('["{{#if name}}y{{else}}n{{/if}}"]');
    expect(warnings).toHaveLength(3);
  });

  it('is named in a key at its place, and braces that nothing closes too', () => {
    expect(render({ a: { '{{x[0]}}': 'Dear {{name}' }, call_disposition: '' }, context).warnings).toEqual([
      'payload_template.a["{{x[0]}}"]: {{x[0]}} is no placeholder here and is sent as it stands; write {{x.0}}',
      'payload_template.a["{{x[0]}}"]: {{ that nothing closes is no placeholder here and is sent as it stands',
    ]);
  });

  it('is data where the context has a name that looks like it', () => {
    const odd = { $json: { name: 'n8n' }, 'items[0]': 'listed', '@index': 7, '#tag': 'hash' };
    expect(render(['{{$json.name}} {{items[0]}} {{@index}} {{#tag}}'], odd)).toMatchObject({
      text: '["n8n listed 7 hash"]',
      warnings: [],
    });
  });

  it.each([
    ['{{missing | first}}', 'first'],
    ['{{missing | default}}', 'default'],
    ['{{missing | date of birth unknown}}', 'date of birth unknown'],
    ['{{missing | upper floor}}', 'upper floor'],
    ['{{missing | $5}}', '$5'],
    ['{{missing | n/a (none)}}', 'n/a (none)'],
    ['{{missing | fallback: upper}}', 'upper'],
  ])('is not every default that resembles a filter: %s is %s', (template, expected) => {
    expect(render([template])).toMatchObject({ text: JSON.stringify([expected]), warnings: [] });
  });

  it('is told twenty times and counted beyond, however often it occurs', () => {
    const { warnings } = render(Array.from({ length: 3000 }, (_, n) => `{{#${n}}}`));
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toBe('and 2980 more warnings');
  });

  it('has a warning of bounded, printable length, and no value of the context in it', () => {
    const { warnings } = render([`{{ $json["${'\u202e'.repeat(50)}${'x'.repeat(9000)}"] }}`, '{{#if name}}'], {
      name: 'CANARY',
    });
    expect(warnings.join('').length).toBeLessThan(400);
    expect(warnings.join('')).not.toMatch(/CANARY|\p{C}/u);
  });
});
