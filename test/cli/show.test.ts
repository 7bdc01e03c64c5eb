// Real: the program and the SDK over HTTP. Doubles: inspect, which answers what the test says, and the terminal.
import { describe, expect, test } from 'vitest';
import { ScriptedStack } from './scripted-stack.ts';

const DELIVERY = { delivery_id: 42, phase: 'retrying', status: 'pending', attempt_count: 2, max_attempts: 5 };

const SENT = {
  delivery: {
    delivery_id: 42,
    status: 'pending',
    endpoint_url: 'https://receiver.example/in?a=1',
    custom_headers: [{ key: 'X-Team' }],
  },
  attempts: [
    {
      attempt: 2,
      status_code: 503,
      response_excerpt: 'busy\nmind\u001B[31m you\n',
      exchange: {
        request: {
          method: 'POST',
          headers: [
            { name: 'webhook-id', value: '0d5b3a52' },
            { name: 'Authorization', of: 'credential' },
            { name: 'X-Team', of: 'custom' },
            { name: 'tracestate', of: 'request' },
          ],
          more_headers: 0,
          body_bytes: 11,
          written: 'whole',
        },
        connection: { kept: false, family: 'IPv4', reach: 'public', tls: 'TLSv1.3', client_certificate: true },
        response: { headers: ['server', 'x-for\u001B]0;owned'], more_headers: 3, body_bytes: 4, complete: true },
        phases_ms: { wait: 0, resolve: 2, connect: 12.5, tls: 30, first_byte: 81, body: 0.2 },
      },
    },
    {
      attempt: 1,
      exchange: {
        request: { method: 'POST', more_headers: 0, body_bytes: 11, written: 'nothing' },
        phases_ms: { wait: 0, resolve: 4000 },
      },
    },
  ],
  explanation: [],
};

describe('show', () => {
  test.each([
    [['42'], { delivery_id: 42 }],
    [['AAAAAAAA-0000-4000-8000-000000000000'], { delivery_uuid: 'AAAAAAAA-0000-4000-8000-000000000000' }],
    [['--run', '9', '--node', 'notify'], { workflow_run_id: 9, webhook_node_id: 'notify' }],
  ])('names a delivery by %j', async (args, key) => {
    const stack = await ScriptedStack.open({ inspect: () => ({ delivery: DELIVERY, attempts: [], explanation: [] }) });
    await stack.run(['show', ...args]);
    expect(stack.asked[0]?.request).toEqual({ action: 'show', ...key });
  });

  test('explains first, and lets nothing from outside steer the terminal', async () => {
    const attempt = { attempt: 1, status_code: 503, error: 'busy\u001B]0;owned\u0007' };
    const explanation = ['It failed twice.', 'The next attempt is in 61 s.'];
    const stack = await ScriptedStack.open({
      inspect: () => ({ delivery: DELIVERY, attempts: [attempt], explanation }),
    });
    const { out } = await stack.run(['show', '42']);
    expect(out).toMatch(
      /^delivery 42: retrying\n {2}It failed twice\.\n {2}The next attempt is in 61 s\.\n\ndelivery_id/,
    );
    expect(out).toContain('busy ]0;owned');
    expect(out).not.toContain('\u001B');
  });

  test('tells of the latest attempt what was sent, over what, and what came back', async () => {
    const stack = await ScriptedStack.open({ inspect: () => SENT });
    const { out } = await stack.run(['show', '42']);
    expect(out.slice(out.indexOf('attempt 2, as'))).toBe(
      [
        'attempt 2, as it was sent',
        '  request     POST with 11 bytes of body; all of it was written',
        '              webhook-id: 0d5b3a52',
        '              Authorization (credential)',
        '              X-Team (custom)',
        '              tracestate (request)',
        '  connection  a new one, to a public IPv4 address, TLSv1.3, with a client certificate',
        '  response    503, 4 bytes of body, read to its end',
        '              headers: server, x-for ]0;owned',
        '              and 3 more',
        '  answered    busy',
        '              mind [31m you',
        '  time        wait 0 ms, resolve 2 ms, connect 12.5 ms, tls 30 ms, first byte 81 ms, body 0.2 ms',
      ].join('\n'),
    );
    expect(out).toContain('https://receiver.example/in?<its query>\n');
    const first = (await stack.run(['show', '42', '--attempt', '1'])).out;
    expect(first).toMatch(
      /attempt 1, as it was sent\n.*nothing of it was written\n.*erased\n {2}connection {2}none\n {2}response {4}none\n/,
    );
    expect((await stack.run(['show', '42', '--attempt', '3'])).err).toBe('surehook: there is no attempt 3');
    expect((await stack.run(['show', '42', '--attempt', 'last'])).code).toBe(2);
  });

  test('prints the request as a command to copy, its body only where it was asked for', async () => {
    const stack = await ScriptedStack.open({
      inspect: ({ include }) =>
        include === undefined
          ? SENT
          : {
              ...SENT,
              delivery: {
                ...SENT.delivery,
                payload: '{"a":1}',
                custom_headers: [{ key: 'X-Team', value: 'b c' }],
                tracestate: 'a=1 2',
              },
            },
    });
    const shown = await stack.run(['show', '42', '--curl']);
    // Into the file that the command reads.
    expect(shown.err).toContain(`surehook show 42 --data-dir ${stack.dataDir} --payload --json | node -e`);
    expect(shown.err).toMatch(/ > payload.json$/);
    expect(shown.out).toBe(
      [
        "curl --globoff --path-as-is --request POST 'https://receiver.example/in?<its query>' \\",
        '  --cert client-certificate.pem --key client-key.pem \\',
        "  --header 'webhook-id: 0d5b3a52' \\",
        "  --header 'Authorization: <from the credential>' \\",
        "  --header 'X-Team: <its value>' \\",
        "  --header 'tracestate: <its value>' \\",
        '  --data-binary @payload.json',
      ].join('\n'),
    );
    const whole = (await stack.run(['show', '42', '--curl', '--payload'])).out;
    expect(whole).toContain("'https://receiver.example/in?a=1'");
    expect(whole).toContain("'X-Team: b c'");
    expect(whole).toContain("'tracestate: a=1 2'");
    expect(whole).toContain(`--data-raw '{"a":1}'`);
    const erased = await stack.run(['show', '42', '--curl', '--attempt', '1']);
    expect([erased.code, erased.err]).toEqual([1, 'surehook: the headers of this request are erased']);
  });

  test('has no command to copy where no request is known', async () => {
    const attempts = [{ attempt: 1, error_class: 'outcome_unknown', exchange: null }];
    const stack = await ScriptedStack.open({ inspect: () => ({ delivery: DELIVERY, attempts, explanation: [] }) });
    expect(await stack.run(['show', '42', '--curl'])).toMatchObject({
      code: 1,
      err: 'surehook: no request is known of this attempt: it was never made up, or never reported',
    });
  });

  test('needs one way to name it', async () => {
    const stack = await ScriptedStack.open({ inspect: () => ({}) });
    expect((await stack.run(['show', '42', '--run', '9', '--node', 'n'])).code).toBe(2);
    expect((await stack.run(['show', '--run', '9'])).code).toBe(2);
  });
});
