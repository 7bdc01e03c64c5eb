// Real: everything; it is a pure reading.
import { expect, test } from 'vitest';
import { readStartOptions } from '../../local/twin/options.ts';

test('functions call the one port, or a proxy on this machine', () => {
  expect(readStartOptions({}).functionsEndpoint).toBeUndefined();
  const given = readStartOptions({ FUNCTIONS_ENDPOINT_URL: 'http://127.0.0.1:4000' });
  expect(given.functionsEndpoint).toBe('http://127.0.0.1:4000');
});

test.each(['http://192.0.2.1:4000', 'https://127.0.0.1:4000', 'http://127.0.0.1:4000/aws', '127.0.0.1:4000'])(
  'functions are sent nowhere else: %s',
  (text) => {
    expect(() => readStartOptions({ FUNCTIONS_ENDPOINT_URL: text })).toThrow(
      'FUNCTIONS_ENDPOINT_URL must be http://127.0.0.1:<port>, without a path',
    );
  },
);

test('the database pauses as the template says, or as whoever tries it out', () => {
  expect(readStartOptions({}).databasePause).toEqual({ afterSeconds: undefined, wakeSeconds: 15 });
  expect(readStartOptions({ DATABASE_PAUSE_AFTER_SECONDS: '0' }).databasePause.afterSeconds).toBe(0);
  const given = readStartOptions({ DATABASE_PAUSE_AFTER_SECONDS: '60', DATABASE_WAKE_SECONDS: '2' });
  expect(given.databasePause).toEqual({ afterSeconds: 60, wakeSeconds: 2 });
  expect(() => readStartOptions({ DATABASE_WAKE_SECONDS: 'soon' })).toThrow('DATABASE_WAKE_SECONDS must be');
});

test("somebody's own app is run as it was synthesized", () => {
  expect(readStartOptions({}).app).toBeUndefined();
  const { app } = readStartOptions({ EGRESS_ALLOW_CIDRS: '' }, ['--app', '/apps/cdk.out', '--stack=Mine']);
  expect(app).toEqual({ folder: '/apps/cdk.out', stackName: 'Mine' });
});

test.each([
  [{}, ['--stack', 'Mine'], '--stack names a stack of --app, which is missing'],
  [{}, ['--ap', 'x'], 'there are two options, --app <cdk.out> and --stack <name>, and not: --ap x'],
  [{}, ['cdk.out'], 'there are two options'],
  [{ WEBHOOK_HEADER_PREFIX: 'X-Acme' }, ['--app', 'x'], 'WEBHOOK_HEADER_PREFIX has no effect with --app'],
])('what would have no effect is refused: %j %j', (environment, args, why) => {
  expect(() => readStartOptions(environment, args)).toThrow(why);
});
