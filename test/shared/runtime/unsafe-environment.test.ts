// Real: the list, and Node itself, asked what it makes of a text. No doubles: the environment is an argument.
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

import {
  refuseUnsafeEnvironment,
  UNSAFE_OPTIONS,
  UNSAFE_VARIABLES,
  UnsafeEnvironment,
} from '../../../shared/runtime/unsafe-environment.ts';

function faultsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    refuseUnsafeEnvironment(environment);
  } catch (error) {
    if (error instanceof UnsafeEnvironment) return error.faults;
    throw error;
  }
  return [];
}

test('every variable and every switch that is found is named at once, with what it does, and no value', () => {
  const canary = '/tmp/canary.pem';
  const environment = {
    ...Object.fromEntries(UNSAFE_VARIABLES.map(({ name }) => [name, canary])),
    NODE_USE_SYSTEM_CA: '1',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_OPTIONS: UNSAFE_OPTIONS.map(({ option }) => `${option}=${canary}`).join(' '),
  };
  expect(faultsOf(environment)).toEqual([
    ...UNSAFE_VARIABLES.map(({ name, does }) => `${name} ${does}`),
    ...UNSAFE_OPTIONS.map(({ option, does }) => `${option} in NODE_OPTIONS ${does}`),
  ]);
  expect(() => refuseUnsafeEnvironment(environment)).toThrow(
    /^unsafe environment: NODE_EXTRA_CA_CERTS widens whom TLS trusts; /,
  );
  expect(() => refuseUnsafeEnvironment(environment)).not.toThrow(/canary/);
});

describe('a function works with', () => {
  test.each<[string, Record<string, string>]>([
    ['nothing', {}],
    [
      'what Lambda sets',
      {
        NODE_PATH:
          '/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task',
        LD_LIBRARY_PATH: '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/task:/opt/lib',
        LAMBDA_RUNTIME_DIR: '/var/runtime',
        AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
        TZ: ':UTC',
      },
    ],
    [
      'what layers for tracing and monitoring set',
      {
        AWS_LAMBDA_EXEC_WRAPPER: '/opt/otel-handler',
        NODE_OPTIONS:
          '--require /opt/wrapper.js --import /opt/loader.mjs --enable-source-maps --max-old-space-size=400',
      },
    ],
    ['names of proxies, which nobody asks', { HTTPS_PROXY: 'http://proxy.example', NODE_USE_ENV_PROXY: '1' }],
    ['bundles that no switch turns on', { SSL_CERT_FILE: '/etc/ssl/cert.pem', SSL_CERT_DIR: '/etc/ssl' }],
    ['names without a text', { NODE_EXTRA_CA_CERTS: '', NODE_DEBUG: ' ', OPENSSL_CONF: '', NODE_OPTIONS: '' }],
    ['switches that are off', { NODE_USE_SYSTEM_CA: '0', NODE_TLS_REJECT_UNAUTHORIZED: '1' }],
    ['switches that tighten', { NODE_OPTIONS: '--tls-min-v1.3 --no-insecure-http-parser --use-bundled-ca' }],
    [
      'the bundle that the runtime itself names in an isolated region',
      { NODE_EXTRA_CA_CERTS: '/etc/pki/tls/certs/ca-bundle.crt', AWS_REGION: 'us-iso-east-1' },
    ],
  ])('%s', (_what, environment) => {
    expect(faultsOf(environment)).toEqual([]);
  });
});

test.each([
  [
    'the bundle of the runtime elsewhere',
    { NODE_EXTRA_CA_CERTS: '/etc/pki/tls/certs/ca-bundle.crt', AWS_REGION: 'eu-central-1' },
  ],
  ['the authorities of Amazon, which are no public ones', { NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem' }],
  ['any other bundle in an isolated region', { NODE_EXTRA_CA_CERTS: '/var/task/ca.pem', AWS_REGION: 'us-iso-east-1' }],
])('a function does not work with %s', (_what, environment) => {
  expect(faultsOf(environment)).toEqual(['NODE_EXTRA_CA_CERTS widens whom TLS trusts']);
});

test.each(['--tls-min-v1.0', '--tls_min_v1.0', '"--tls-min-v1.0"', ' --title=x  --tls-min-v1.0 '])(
  'NODE_OPTIONS of %j is read as Node reads it',
  (NODE_OPTIONS) => {
    const program = ['--print', 'require("node:tls").DEFAULT_MIN_VERSION'];
    const obeyed = execFileSync(process.execPath, program, { env: { NODE_OPTIONS }, encoding: 'utf8' });
    expect(obeyed.trim()).toBe('TLSv1');
    expect(faultsOf({ NODE_OPTIONS })).toEqual(['--tls-min-v1.0 in NODE_OPTIONS weakens TLS']);
  },
);

test('every switch of the list is one that Node takes from NODE_OPTIONS', () => {
  const taken = [...process.allowedNodeEnvironmentFlags];
  const unknown = UNSAFE_OPTIONS.filter(({ option }) => !taken.some((flag) => flag.startsWith(option)));
  expect(unknown).toEqual([]);
});
