import type { AwsService } from '../../../local/aws/aws-service.ts';
import { AwsFault } from '../../../shared/aws/aws-fault.ts';
import type { DataApiCalls, SqsCalls } from '../../../shared/aws/clients.ts';
import { AbortError } from '../../../shared/aws/http-post.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

type Place = { path: string; target?: string };

/** The Data API in this process: time stands still until the database has answered. */
export function dataApiInProcess(service: AwsService, time: VirtualTime): DataApiCalls {
  const paths: Readonly<Record<string, string>> = { ExecuteStatement: '/Execute' };
  return inProcess((name) => ({ path: paths[name] ?? `/${name}` }), { service, time, wait: (answer) => answer });
}

/** SQS in this process: time passes while it has a request, as it must for a long poll. */
export function sqsInProcess(service: AwsService, time: VirtualTime): SqsCalls {
  const place = (name: string): Place => ({ path: '/', target: `AmazonSQS.${name}` });
  return inProcess(place, { service, time, wait: (answer) => time.inside(answer) });
}

/**
 * Calls as the product makes them, without a socket, which would take real time: one try each, in the shapes and with the faults of the
 * local endpoint.
 */
function inProcess(
  place: (name: string) => Place,
  { service, time, wait }: { service: AwsService; time: VirtualTime; wait: <T>(answer: Promise<T>) => Promise<T> },
) {
  async function call(name: string, input: object, { abortSignal }: { abortSignal: AbortSignal }): Promise<never> {
    const { path, target } = place(name);
    const asked = service({
      method: 'POST',
      path,
      query: new URLSearchParams(),
      headers: {
        'content-type': target === undefined ? 'application/json' : 'application/x-amz-json-1.0',
        ...(target !== undefined && { 'x-amz-target': target }),
      },
      body: Buffer.from(JSON.stringify(input)),
      accessKeyId: 'any',
      signal: abortSignal,
    });
    const gone = new Promise<never>((_, reject) => {
      abortSignal.addEventListener('abort', () => reject(new AbortError()));
    });
    const { status, headers, body } = await wait(Promise.race([asked, gone]));
    const text = body.toString();
    if (status > 299) throw AwsFault.of({ status, headers, text });
    return (text === '' ? {} : JSON.parse(text)) as never;
  }
  return {
    call: (name: string, input: object, options: { abortSignal: AbortSignal }) =>
      time.outside(call(name, input, options)),
    destroy: () => undefined,
  };
}
