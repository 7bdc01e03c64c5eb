// Real: bash, which reads the command; curl is a function of it that tells the arguments it was given. What must never be asserted:
// that a command is safe because of how it looks.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { curlCommand, quoted, type ShownRequest } from '../../../shared/operate/curl-command.ts';

const REQUEST: ShownRequest = {
  url: 'https://receiver.example/in?a=1&b=[2]',
  method: 'POST',
  headers: [
    { name: 'Content-Type', value: 'application/json' },
    { name: 'webhook-signature', of: 'signature' },
    { name: 'Authorization', of: 'credential' },
    { name: 'X-Team', of: 'custom' },
  ],
  customHeaders: [{ key: 'X-Team' }],
  payload: undefined,
};

/** The arguments that curl gets from each command. */
function argumentsOf(...commands: string[]): string[][] {
  const script = ['curl() { printf "%s\\0" "$@"; printf "\\1\\0"; }', ...commands].join('\n');
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script], {
    env: { LC_ALL: 'C' },
    encoding: 'utf8',
  });
  expect([stderr, status]).toEqual(['', 0]);
  return stdout
    .split('\u0001\0')
    .slice(0, -1)
    .map((words) => words.split('\0').slice(0, -1));
}

describe('the command', () => {
  test('sends the request again, with a placeholder for what is not shown', () => {
    expect(argumentsOf(curlCommand(REQUEST))).toEqual([
      [
        '--globoff',
        '--path-as-is',
        '--request',
        'POST',
        'https://receiver.example/in?a=1&b=[2]',
        '--header',
        'Content-Type: application/json',
        '--header',
        'webhook-signature: <the signature of this body>',
        '--header',
        'Authorization: <from the credential>',
        '--header',
        'X-Team: <its value>',
        '--data-binary',
        '@payload.json',
      ],
    ]);
  });

  test('holds payload and custom values where they were asked for, and an empty value as curl wants it', () => {
    const customHeaders = [
      { key: 'X-Team', value: "Ada's" },
      { key: 'X-None', value: '' },
    ];
    const headers = [...REQUEST.headers.slice(3), { name: 'X-None', of: 'custom' }];
    const [words = []] = argumentsOf(curlCommand({ ...REQUEST, headers, customHeaders, payload: '@/etc/passwd' }));
    expect(words.slice(5)).toEqual(['--header', "X-Team: Ada's", '--header', 'X-None;', '--data-raw', '@/etc/passwd']);
  });

  test('names files for a client certificate where the attempt had one', () => {
    const [words = []] = argumentsOf(curlCommand({ ...REQUEST, hasClientCertificate: true }));
    expect(words.slice(5, 9)).toEqual(['--cert', 'client-certificate.pem', '--key', 'client-key.pem']);
    expect(curlCommand({ ...REQUEST, hasClientCertificate: false })).not.toContain('--cert');
  });

  test.each(['GET', 'DELETE'])('of a %s has no body', (method) => {
    expect(curlCommand({ ...REQUEST, method, payload: '' })).not.toContain('--data');
  });

  test('reads a body from a file that is longer than an argument may be', () => {
    const payload = JSON.stringify('x'.repeat(100_000));
    expect(curlCommand({ ...REQUEST, payload })).toContain('--data-binary @payload.json');
  });
});

describe('a quoted word', () => {
  test.each([
    '$(touch /tmp/x)',
    '`id`',
    "'; id; '",
    '"$HOME"',
    '\\',
    "\\'",
    '!!',
    "it's !!",
    "a\nb'c!d\\e",
    '-X',
    '=ls',
    '~',
    '*',
    '',
    'é\u0085',
    '\u001B[201~\nid\n',
    '\u202Egnp.exe',
    'x\u00003'.replace('\u0000', '\u0001'),
  ])('stands for exactly its text: %j', (text) => {
    expect(argumentsOf(`curl ${quoted(text)}`)).toEqual([[text.toWellFormed()]]);
  });

  test('stands for exactly its text, whatever it is, and shows nothing that a terminal obeys', () => {
    const text = fc
      .string({ unit: 'binary', maxLength: 20 })
      .map((any) => any.replaceAll('\0', "'").replaceAll('\u0001', '!'));
    const texts = fc
      .sample(text, 400)
      .concat(fc.sample(fc.string({ unit: fc.constantFrom(...'\'"\\$`!\n 0a'), maxLength: 12 }), 400));
    expect(argumentsOf(...texts.map((one) => `curl ${quoted(one)}`))).toEqual(texts.map((one) => [one]));
    expect(texts.map(quoted).join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
