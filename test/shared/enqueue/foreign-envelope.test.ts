// What other services wrap around a request, as their manuals show it. Real: everything that judges a request. No doubles.
import { describe, expect, it } from 'vitest';
import { parseEnqueueRequest } from '../../../shared/enqueue/enqueue-request.ts';
import { CONTEXT, request } from './enqueue-request-world.ts';

const inner = JSON.stringify(request());
const sqsRecord = { messageId: '1', receiptHandle: 'r', body: inner, attributes: {}, eventSource: 'aws:sqs' };
const snsMessage = {
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: 'arn:aws:sns:us-west-2:123456789012:MyTopic',
  Message: inner,
  Timestamp: '2012-05-02T00:54:06.655Z',
  SignatureVersion: '1',
};
const apiContext = { accountId: '123456789012', apiId: 'id', stage: '$default', http: { method: 'POST', path: '/' } };

const ENVELOPES: [name: string, envelope: Record<string, unknown>, words: RegExp][] = [
  ['an SNS notification', snsMessage, /^this is an SNS notification .* raw message delivery \(RawMessageDelivery\)/],
  [
    'the confirmation of an SNS subscription',
    {
      ...snsMessage,
      Type: 'SubscriptionConfirmation',
      Token: 't',
      SubscribeURL: 'https://sns.us-west-2.amazonaws.com/',
    },
    /^this is an SNS notification .* raw message delivery/,
  ],
  [
    'an SNS event for a function',
    { Records: [{ EventVersion: '1.0', EventSource: 'aws:sns', Sns: snsMessage }] },
    /^this is an SNS event .* subscribe the intake queue .* raw message delivery/,
  ],
  ['an SQS event in a message', { Records: [sqsRecord] }, /^this is an SQS event, .* send the body of each record/],
  [
    'a notification of S3',
    { Records: [{ eventVersion: '2.1', eventSource: 'aws:s3', s3: {} }] },
    /^this is an event of another AWS service/,
  ],
  [
    'an EventBridge event',
    {
      version: '0',
      id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
      'detail-type': 'Run Finished',
      source: 'com.acme.workflows',
      account: '111122223333',
      time: '2017-12-22T18:43:48Z',
      region: 'us-west-1',
      resources: [],
      detail: request(),
    },
    /^this is an EventBridge event .* input path of the target \(InputPath\) to \$\.detail/,
  ],
  [
    'an API Gateway event of version 1',
    { resource: '/', path: '/', httpMethod: 'POST', headers: {}, requestContext: { apiId: 'id' }, body: inner },
    /^this is an event of an API Gateway REST API .* map the body with \$input\.json/,
  ],
  [
    'an API Gateway event of version 2',
    { version: '2.0', routeKey: '$default', rawPath: '/', requestContext: apiContext, body: inner },
    /^this is an event of an API Gateway HTTP API .* SQS-SendMessage .* MessageBody=\$request\.body/,
  ],
  [
    'a function URL event',
    {
      version: '2.0',
      routeKey: '$default',
      rawPath: '/',
      requestContext: { ...apiContext, domainName: 'abc.lambda-url.us-west-2.on.aws' },
      body: inner,
    },
    /^this is an event of a Lambda function URL .* send the request to the intake queue, or invoke the function/,
  ],
  [
    'an event of a load balancer',
    { requestContext: { elb: { targetGroupArn: 'arn' } }, httpMethod: 'POST', path: '/', body: inner },
    /^this is an event of an Application Load Balancer/,
  ],
  [
    'a WebSocket event',
    { requestContext: { routeKey: '$default', connectionId: 'c', eventType: 'MESSAGE' }, body: inner },
    /^this is an event of an API Gateway WebSocket API/,
  ],
  [
    'a CloudEvent',
    { specversion: '1.0', type: 'run.finished', source: '/runs', id: '1', data: request() },
    /^this is a CloudEvent .* send its data/,
  ],
  [
    'a record of a destination',
    { version: '1.0', requestContext: { functionArn: 'arn' }, requestPayload: request(), responsePayload: null },
    /^this is a record of a Lambda destination/,
  ],
];

describe('somebody else’s envelope', () => {
  it.each(ENVELOPES)('is told in one sentence with the switch that unwraps it: %s', (_name, envelope, words) => {
    expect(parseEnqueueRequest(envelope, CONTEXT)).toEqual({
      kind: 'refused',
      errorType: 'InvalidRequest',
      errorMessage: expect.stringMatching(words),
    });
    expect(parseEnqueueRequest({ deliveries: [envelope, request()] }, CONTEXT)).toMatchObject({
      items: [
        { kind: 'refused', errorMessage: expect.stringMatching(/^deliveries\[0\]: this is an? /) },
        { kind: 'accepted' },
      ],
    });
  });

  it('is none that holds a run: then its fields are unknown', () => {
    expect(parseEnqueueRequest({ ...request(), 'detail-type': 'x', source: 'y', detail: {} }, CONTEXT)).toMatchObject({
      items: [{ errorMessage: 'detail-type: unknown field; source: unknown field; detail: unknown field' }],
    });
  });

  it('is none that only resembles one', () => {
    for (const input of [
      { Records: [] },
      { Records: [5] },
      { Type: 'x', MessageId: 1, TopicArn: 2 },
      { requestContext: 1 },
      {},
    ]) {
      expect(parseEnqueueRequest(input, CONTEXT)).toMatchObject({
        items: [{ errorMessage: expect.stringContaining('workflow_run_id: is required') }],
      });
    }
  });
});
