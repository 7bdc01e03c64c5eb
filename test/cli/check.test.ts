// Real: the command, and everything that judges a request. Double: the terminal. Nothing is reached: neither account nor database.
import { describe, expect, test } from 'vitest';
import { surehook } from './cli-world.ts';
import { ScriptedStack } from './scripted-stack.ts';
import { requestOf, WEBHOOK_NODES } from './webhook-nodes.ts';

const sound = {
  workflow_run_id: 7,
  organization_id: 3,
  webhook_node_id: 'node-1',
  endpoint_url: 'https://hooks.example.com/in',
};
const line = (changes: object): string => JSON.stringify({ ...sound, ...changes });

describe('29 nodes as their editor stores them', () => {
  const input = WEBHOOK_NODES.map((node, index) => JSON.stringify(requestOf(node, index))).join('\n');

  test('are taken or refused as expected, with these warnings, and the bodies byte for byte', async () => {
    const { code, out } = await surehook(['check', '-', '--render', '--json'], { input });
    const answers = out.split('\n').map((text) => JSON.parse(text));
    expect(answers).toHaveLength(29);
    expect(
      answers.map(({ body = null, warnings = [], errorMessage }, index) => ({
        what: WEBHOOK_NODES[index]?.what,
        body,
        told: errorMessage === undefined ? warnings : [errorMessage],
      })),
    ).toEqual(WEBHOOK_NODES.map(({ what, body, told }) => ({ what, body, told })));
    expect(code).toBe(1);
  });

  test('are summed up for people', async () => {
    const { out, err } = await surehook(['check', '-'], { input });
    const lines = out.split('\n');
    expect(lines).toHaveLength(18);
    expect(lines[0]).toBe(
      'line 2: warning: credential_uuid: is empty and counts as left out: the webhook is sent without a credential',
    );
    expect(lines).toContain('line 22: skipped: not enabled');
    expect(lines.at(-2)).toBe(
      'line 29: InvalidRequest: endpoint_url: holds the invisible character U+200B at character 27',
    );
    expect(lines.at(-1)).toBe('26 taken, 14 of them with warnings; 1 skipped; 2 refused');
    expect(err).toBe('surehook: 2 would be refused');
  });
});

test('bodies alone go to standard output, for other programs', async () => {
  const input = [line({ payload: 1.5 }), line({ payload_json: ' {"a":1.10} ' }), line({ http_method: 'BREW' })].join(
    '\n',
  );
  const { code, out, err } = await surehook(['check', '-', '--render'], { input });
  expect(out).toBe('1.5\n {"a":1.10} ');
  expect(err).toContain('line 3: InvalidRequest: http_method: ');
  expect(code).toBe(1);
});

test('what is sound ends well', async () => {
  const { code, out, err } = await surehook(['check', '-'], { input: line({ payload: 1 }) });
  expect([code, out, err]).toEqual([0, '1 taken, 0 of them with warnings; 0 skipped; 0 refused', '']);
});

test('an announcement is judged by its form: whether its deliveries exist is not looked at', async () => {
  const announcement = (...delivery_uuids: string[]) => JSON.stringify({ announce: { delivery_uuids } });
  const input = [announcement('00000000-0000-4000-8000-000000000000'), announcement('x')].join('\n');
  const { code, out } = await surehook(['check', '-'], { input });
  expect(out.split('\n')).toEqual([
    'line 1: announces deliveries (1), whose rows are not looked for',
    'line 2: InvalidRequest: announce.delivery_uuids[0]: must be a UUID',
    '0 taken, 0 of them with warnings; 0 skipped; 1 refused',
  ]);
  expect(code).toBe(1);
  const asJson = await surehook(['check', '-', '--json'], {
    input: announcement('00000000-0000-4000-8000-000000000000'),
  });
  expect(JSON.parse(asJson.out)).toEqual({ line: 1, verdict: 'announces', deliveries: 1 });
});

test('numbers are judged as the way of handing over has them', async () => {
  const input = `${line({ payload: 'N' }).replace('"N"', '[1.10,17841405309211844]')}\n`;
  expect((await surehook(['check', '-', '--render', '--queue'], { input })).out).toBe('[1.10,17841405309211844]');
  expect((await surehook(['check', '-'], { input })).out).toContain('payload[1]: is a number that JSON parsers change');
});

test('sizes are judged as the way of handing over has them', async () => {
  const input = line({ payload_template: 1, render_context: { x: 'x'.repeat(1024 * 1024) } });
  expect((await surehook(['check', '-', '--queue'], { input })).out).toContain(
    'PayloadTooLarge: more than 1048576 bytes',
  );
  expect((await surehook(['check', '-'], { input })).code).toBe(0);
  const large = line({ payload_template: 1, render_context: { x: 'x'.repeat(5_000_000) } });
  expect((await surehook(['check', '-'], { input: large })).out).toContain('PayloadTooLarge: more than 5000000 bytes');
});

test('several in one request are named by their place, and a run and node that come again differently are told', async () => {
  const batch = {
    deliveries: [
      { ...sound, payload: 1 },
      { ...sound, webhook_node_id: 'b' },
    ],
  };
  const input = [JSON.stringify(batch), line({ payload: 1 }), line({ payload: 2 })].join('\n');
  const { out } = await surehook(['check', '-'], { input });
  expect(out.split('\n')).toEqual([
    expect.stringMatching(/^line 1, deliveries\[1\]: InvalidRequest: deliveries\[1\]\.payload: exactly one of/),
    expect.stringMatching(
      /^line 3: warning: this workflow_run_id and webhook_node_id were enqueued before with a different/,
    ),
    '3 taken, 1 of them with warnings; 0 skipped; 1 refused',
  ]);
});

test('a line that is no JSON is told at its place, and the others are judged', async () => {
  const { out, code } = await surehook(['check', '-'], { input: `${line({ payload: 1 })}\n\n{"a":NaN}\n` });
  expect(out.split('\n')).toEqual([
    'line 3: InvalidRequest: the message is not JSON: NaN, which JSON does not know, at line 1, column 6',
    '1 taken, 0 of them with warnings; 0 skipped; 1 refused',
  ]);
  expect(code).toBe(1);
});

test('one request may be written over several lines', async () => {
  const pretty = JSON.stringify({ ...sound, payload: 1 }, null, 2);
  expect((await surehook(['check', '-'], { input: pretty })).code).toBe(0);
  const broken = pretty.replace('"payload": 1', '"payload": 1,');
  expect((await surehook(['check', '-'], { input: broken })).out).toContain(
    'line 1: InvalidRequest: the message is not JSON: a comma too many at line 6, column 15',
  );
});

test('settings count as in a stack', async () => {
  const input = [
    line({ payload: 1, endpoint_url: 'http://127.0.0.1:8080/' }),
    line({ webhook_node_id: 'b', payload: 1, custom_headers: [{ key: 'X-Acme-Delivery-Id', value: '1' }] }),
  ].join('\n');
  const env = { EGRESS_ALLOW_CIDRS: '127.0.0.0/8', WEBHOOK_HEADER_PREFIX: 'X-Acme' };
  expect((await surehook(['check', '-'], { input })).out).toMatch(/^line 1: InvalidRequest: endpoint_url: .*\n1 taken/);
  expect((await surehook(['check', '-'], { input, env })).out).toMatch(
    /^line 2: InvalidRequest: custom_headers\[0\]\.key: X-Acme-Delivery-Id is reserved\n1 taken/,
  );
});

test('while a stack runs on this machine, what is not set is as there', async () => {
  const stack = await ScriptedStack.open({}, { EGRESS_ALLOW_CIDRS: '127.0.0.0/8', WEBHOOK_HEADER_PREFIX: 'X-Acme' });
  const input = line({ payload: 1, endpoint_url: 'http://127.0.0.1:8080/' });
  const env = { DATA_DIR: stack.dataDir };
  const { out, err } = await surehook(['check', '-'], { input, env });
  expect(out).toMatch(/^1 taken/);
  expect(err).toBe(`as the local stack in ${stack.dataDir} judges`);
  const nothing = { ...env, EGRESS_ALLOW_CIDRS: '' };
  expect((await surehook(['check', '-'], { input, env: nothing })).out).toContain('1 refused');
  expect((await surehook(['check', '-', '--stack', 'Webhooks'], { input, env })).out).toContain('1 refused');
});
