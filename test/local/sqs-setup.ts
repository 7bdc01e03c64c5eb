import { createSqsCalls, type SqsCalls } from '../../shared/aws/clients.ts';
import { localSurroundings } from '../support/stack/local-surroundings.ts';
import { SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import type { QueueDefinition } from '../../local/aws/sqs/queues.ts';
import { createSqs, type Queues } from '../../local/aws/sqs/service.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { serveAwsService } from './serve-aws-service.ts';

export const ACCOUNT = '000000000000';
const REGION = 'us-east-1';

const SIGNED_FOR_SQS = `Credential=AKIDENQUEUE/20261123/${REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0`;

const definition: QueueDefinition = {
  name: 'delivery',
  delaySeconds: 0,
  visibilityTimeoutSeconds: 30,
  retentionSeconds: 345_600,
  maximumMessageBytes: 1_048_576,
};

/** The real SDK client, and the functions' own, over a real loopback port, on a clock that stands still; ends with the test. */
export async function startSqs(...queueDefinitions: Partial<QueueDefinition>[]): Promise<{
  client: SQSClient;
  calls: SqsCalls;
  queues: Queues;
  timers: ManualTimers;
  /** A request that no SDK would send; `target` is the header `X-Amz-Target`. */
  call: (target: string, request: { body: string; headers?: Record<string, string> }) => Promise<Response>;
  endpoint: string;
  /** `<endpoint>/<account>/<name>`. */
  url: (name: string) => string;
  /** Resolves when the endpoint has taken up its next request: a long poll is waiting then. */
  nextRequest: () => Promise<void>;
}> {
  const timers = new ManualTimers();
  const place = { timers, accountId: ACCOUNT, region: REGION, baseUrl: 'http://127.0.0.1:4566' };
  const { service, queues } = createSqs(place);
  for (const asked of queueDefinitions.length > 0 ? queueDefinitions : [{}]) queues.add({ ...definition, ...asked });

  let waiting: (() => void)[] = [];
  const served = await serveAwsService({
    sqs: (request) => {
      const response = service(request);
      const taken = waiting;
      waiting = [];
      for (const resolve of taken) resolve();
      return response;
    },
  });
  const client = new SQSClient({
    endpoint: served.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'AKIDENQUEUE', secretAccessKey: 'any' },
  });
  const calls = createSqsCalls(localSurroundings(served.endpoint));
  onTestFinished(async () => {
    client.destroy();
    calls.destroy();
    await served.close();
  });
  return {
    client,
    calls,
    queues,
    timers,
    call: (target, { body, headers }) =>
      fetch(served.endpoint, {
        method: 'POST',
        body,
        headers: { ...headers, 'X-Amz-Target': target, Authorization: `AWS4-HMAC-SHA256 ${SIGNED_FOR_SQS}` },
      }),
    endpoint: served.endpoint,
    url: (name) => `${served.endpoint}/${ACCOUNT}/${name}`,
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

export function queueArn(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
}
