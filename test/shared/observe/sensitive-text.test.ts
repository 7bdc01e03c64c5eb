// Real: everything; the rules are pure. Secrets here are made up. What must never be asserted: that a harmless text is shown,
// beyond the few that stand here for their kinds; covering too much costs a look into the database, covering too little cannot
// be taken back.
import { describe, expect, test } from 'vitest';

import { redactPayload } from '../../../shared/observe/redact-payload.ts';
import { isSensitiveName } from '../../../shared/observe/sensitive-names.ts';
import { isSensitiveText } from '../../../shared/observe/sensitive-text.ts';

describe('a secret inside a text is covered with the text', () => {
  test.each([
    ['JSON', '{"user":"jane","password":"hunter2"}'],
    ['JSON in JSON', '{"body":"{\\"api_key\\":\\"hunter2\\"}"}'],
    ['JSON in JSON in JSON', '{\\\\\\"secret\\\\\\":\\\\\\"hunter2\\\\\\"}'],
    ['JSON with escaped quotes', '\\u0022password\\u0022:\\u0022hunter2\\u0022'],
    ['a Python dict', "{'password': 'hunter2'}"],
    ['a PHP array', "[password] => hunter2 and 'pswd' => 'hunter2'"],
    ['a Java record', 'User(name=jane, password=hunter2)'],
    ['a form', 'user=jane&password=hunter2'],
    ['a form in a query', 'next%3Duser%3Djane%26client_secret%3Dhunter2'],
    ['a form in a query in a query', '%2570assword%253Dhunter2'],
    ['a header', 'Authorization: Basic dXNlcjpwYXNz'],
    ['a header of a command', "curl -H 'Authorization: hunter2' x"],
    ['a request', 'GET / HTTP/1.1\r\nAccept: */*\r\nCookie: a=hunter2'],
    ['a scheme of Authorization alone', 'sent Basic dXNlcjpwYXNz to it'],
    ['XML', '<login><password>hunter2</password></login>'],
    ['escaped XML', '&lt;password&gt;hunter2&lt;/password&gt;'],
    ['an attribute', '<user pass="hunter2"/>'],
    ['YAML', 'user: jane\npassword: hunter2'],
    ['a flag', 'login --password hunter2'],
    ['a flag with =', 'login --password=hunter2'],
    ['a name of several words', 'Date of birth: 1.1.1980'],
    ['a name of three words in prose', 'he gave me his social insurance number: 12 345'],
    ['a name in another language', 'Kennwort: hunter2'],
    ['a name with blanks around', 'password   =   hunter2'],
    ['a name with an invisible character', 'pass\u200bword=hunter2'],
    ['a name in full-width letters', 'ｐａｓｓｗｏｒｄ=hunter2'],
    ['a URL, percent-encoded', 'redirect=https%3A%2F%2Fexample.com%2Fhunter2'],
    ['an e-mail address, percent-encoded', 'jane%40example.com'],
    ['a key known by its form', 'we used ghp_abcdefghijklmnop'],
    ['JSON in base64', 'eyJwYXNzd29yZCI6Imh1bnRlcjIifQ=='],
  ])('%s', (_notation, text) => {
    expect(isSensitiveText(text)).toBe(true);
    expect(redactPayload({ note: text, list: ['x', text] }, 'values')).toEqual({
      note: '[REDACTED]',
      list: ['x', '[REDACTED]'],
    });
  });

  test.each([
    'Result: success',
    '{"status":"done","count":3}',
    'status=done&count=3',
    'Agent: hello, how are you? Caller: fine.',
    'Basic subscription',
    'a Basic understanding of it',
    'C:\\x',
    'ratio 3:2, 50% off',
    'a > b, x => y',
    '--verbose yes',
    '100%25',
  ])('but %j is shown', (text) => {
    expect(redactPayload({ note: text }, 'values')).toEqual({ note: text });
  });
});

test('an item of a list behind a telling name is covered', () => {
  const rows = [
    ['password', 'hunter2'],
    ['X-Trace', 'shown'],
  ];
  const raw = ['Host', 'shown', 'Authorization', 'hunter2', 'Accept', 'shown'];
  expect(redactPayload({ rows, raw }, 'values')).toEqual({
    rows: [
      ['password', '[REDACTED]'],
      ['X-Trace', 'shown'],
    ],
    raw: ['Host', 'shown', 'Authorization', '[REDACTED]', 'Accept', 'shown'],
  });
});

describe('a name is telling', () => {
  test.each(
    `pswd user_pswd passwrd pasword PassWort kennwort Kennwort KENNWORT hmac X-HMAC hmacSha256 contraseña Contrasena
    motDePasse mot_de_passe senha wachtwoord lösenord hasło пароль 密码 パスワード 비밀번호 geheimnis zugangsdaten psk
    csrf xsrf-token PHPSESSID connect.sid sentry_dsn connectionString mnemonic seed_phrase recoveryCodes client_assertion
    code_verifier masterKey ssh_key salt passwordHash DBPASS creds X-Sig vorname geburtsdatum straße prénom telefonnummer
    user_şifre dni cpf`.split(/\s+/),
  )('%s', (name) => {
    expect(isSensitiveName(name)).toBe(true);
    // Composed or decomposed, as the keyboard made it.
    expect(isSensitiveName(name.normalize('NFD'))).toBe(true);
  });

  test.each(
    `hash commit_hash signal design signup sidebar president saltire session_count passage compass primary_key keyword hmm
    pinned discover recovery_time device_id backup_size verified insert apparel licensee parole class_name bypass_count
    geography cardigan postal`.split(/\s+/),
  )('but %s is not', (name) => {
    expect(isSensitiveName(name)).toBe(false);
  });
});

describe('a text made to be slow is judged in time that grows with its length', () => {
  // With one pattern that is tried again at every character these would take hours.
  const hostile = [
    'eyJ-',
    'Basic ',
    ' ',
    'a@',
    '+1',
    'a',
    'S',
    'a=',
    'word ',
    '--ab ',
    'a"',
    '%25',
    '\\\\',
    '&#',
    '://',
  ];

  test.each(hostile)('%j, half a million characters of it', (part) => {
    const text = part.repeat(Math.ceil(500_000 / part.length));
    for (const whole of [text, `Basic${text}`]) {
      // The secret at its very end, in escapes of escapes: every pattern goes over all of it, in every reading.
      expect(isSensitiveText(`${whole}\n-----%2542EGIN PRIVATE KEY-----`)).toBe(true);
    }
  });

  test('and of a payload only so much is judged; what nobody judged is not shown', () => {
    const riddles = (count: number) => Array.from({ length: count }, () => `mailto:${'x'.repeat(5_000)}`);
    const covered = (count: number) => Array.from({ length: count }, () => '[REDACTED]');
    expect(redactPayload([...riddles(20), 'harmless'], 'values')).toEqual([...covered(20), 'harmless']);
    expect(redactPayload([...riddles(40), 'harmless'], 'values')).toEqual([...covered(40), '[REDACTED]']);
  });
});
