import { isJsonObject } from '../runtime/json-object.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An envelope of somebody else around what may be a request: how it is told, what it is, and what unwraps it. */
type Envelope = { is: (request: Fields) => boolean; words: string };

const isText = (value: unknown): value is string => typeof value === 'string';
const has = (request: Fields, ...names: string[]): boolean => names.every((name) => Object.hasOwn(request, name));

function contextOf(request: Fields): Fields {
  return isJsonObject(request['requestContext']) ? request['requestContext'] : {};
}

/** Whether the first record of a Lambda event comes from this service, however its member is spelled. */
function hasRecordsOf(request: Fields, source: RegExp): boolean {
  const first: unknown = Array.isArray(request['Records']) ? request['Records'][0] : undefined;
  if (!isJsonObject(first)) return false;
  const from = first['eventSource'] ?? first['EventSource'];
  return isText(from) && source.test(from);
}

const NO_BODY_MAPPING =
  'it cannot unwrap what it carries: send the request to the intake queue, or invoke the function';

/** From the particular to the general. */
const ENVELOPES: readonly Envelope[] = [
  {
    is: (request) => has(request, 'Type', 'MessageId', 'TopicArn') && isText(request['TopicArn']),
    words:
      'this is an SNS notification around the request: switch on raw message delivery (RawMessageDelivery) for the subscription',
  },
  {
    is: (request) => hasRecordsOf(request, /^aws:sns$/),
    words:
      'this is an SNS event for a Lambda function, around the request: subscribe the intake queue instead, with raw message delivery (RawMessageDelivery)',
  },
  {
    is: (request) => hasRecordsOf(request, /^aws:sqs$/),
    words:
      'this is an SQS event, as Lambda gives it to a function, around the request: send the body of each record, which is the request itself',
  },
  {
    is: (request) => hasRecordsOf(request, /./),
    words: 'this is an event of another AWS service with Records, and holds no request: send the request itself',
  },
  {
    is: (request) => has(request, 'detail-type', 'source', 'detail'),
    words:
      'this is an EventBridge event around the request: set the input path of the target (InputPath) to $.detail, or an input transformer',
  },
  {
    is: (request) => has(request, 'specversion', 'type', 'source', 'id'),
    words: 'this is a CloudEvent around the request: send its data, which is the request itself',
  },
  {
    is: (request) => has(contextOf(request), 'elb'),
    words: `this is an event of an Application Load Balancer around the request: ${NO_BODY_MAPPING}`,
  },
  {
    is: (request) => has(request, 'rawPath', 'requestContext') && isFunctionUrl(request),
    words: `this is an event of a Lambda function URL around the request: ${NO_BODY_MAPPING}`,
  },
  {
    is: (request) => has(request, 'routeKey', 'rawPath', 'requestContext'),
    words:
      'this is an event of an API Gateway HTTP API around the request: use its integration SQS-SendMessage on the intake queue, with MessageBody=$request.body',
  },
  {
    is: (request) => has(request, 'httpMethod', 'requestContext', 'resource'),
    words:
      "this is an event of an API Gateway REST API around the request: switch off the Lambda proxy integration and map the body with $input.json('$')",
  },
  {
    is: (request) => has(contextOf(request), 'connectionId', 'routeKey'),
    words:
      "this is an event of an API Gateway WebSocket API around the request: switch off the proxy integration and map the body with $input.json('$')",
  },
  {
    is: (request) =>
      has(request, 'requestPayload', 'requestContext') || has(request, 'responsePayload', 'requestContext'),
    words:
      'this is a record of a Lambda destination around the request: send what it holds, which is the request itself',
  },
];

/** What a request is that is plainly somebody else's envelope, and which switch unwraps it; undefined if it is none. */
export function foreignEnvelope(request: Fields): string | undefined {
  if (has(request, 'workflow_run_id') || has(request, 'deliveries')) return undefined;
  return ENVELOPES.find(({ is }) => is(request))?.words;
}

function isFunctionUrl(request: Fields): boolean {
  const { domainName } = contextOf(request);
  return isText(domainName) && /\.lambda-url\./.test(domainName);
}
