// Real: what is read of an environment. The SDK's own endpoints are the judge of ours.
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { awsAccess, regionalEndpoint } from '../../../shared/aws/aws-access.ts';

const LAMBDA = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'token',
};

test('a function asks as its role, in its region, at AWS', () => {
  expect(awsAccess(LAMBDA, 'SQS')).toEqual({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' },
    endpoint: undefined,
  });
});

test('credentials without a session have none', () => {
  const { credentials } = awsAccess({ ...LAMBDA, AWS_SESSION_TOKEN: '' }, 'SQS');
  expect(Object.keys(credentials)).toEqual(['accessKeyId', 'secretAccessKey']);
});

test('all that is missing is named at once, and no value', () => {
  const environment = { AWS_SECRET_ACCESS_KEY: 'canary', AWS_ACCESS_KEY_ID: '  ' };
  expect(() => awsAccess(environment, 'SQS')).toThrow('not set: AWS_REGION, AWS_ACCESS_KEY_ID');
});

describe('an endpoint that somebody set', () => {
  const own = { ...LAMBDA, AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' };

  test.each([
    ['for all services counts', own, 'http://127.0.0.1:4566'],
    ['for the service counts before', { ...own, AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1'],
    ['for another service does not count', { ...LAMBDA, AWS_ENDPOINT_URL_RDS_DATA: 'http://127.0.0.1:1' }, undefined],
    ['is ignored on demand', { ...own, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, undefined],
  ])('%s', (_what, environment, endpoint) => {
    expect(awsAccess(environment, 'SQS').endpoint).toBe(endpoint);
  });
});

describe.each([
  'us-east-1',
  'eu-central-1',
  'ap-southeast-7',
  'us-gov-west-1',
  'cn-north-1',
  'us-iso-east-1',
  'us-isob-east-1',
  'eu-isoe-west-1',
  'us-isof-south-1',
  'eusc-de-east-1',
])('in %s', (region) => {
  test.each([
    ['rds-data', new RDSDataClient({ region })],
    ['sqs', new SQSClient({ region })],
    ['secretsmanager', new SecretsManagerClient({ region })],
    ['events', new EventBridgeClient({ region })],
  ])('%s is where the SDK finds it', (service, client) => {
    const { url } = client.config.endpointProvider({ Region: region, UseDualStack: false, UseFIPS: false });
    expect(regionalEndpoint(service, region)).toBe(url.origin);
  });
});
