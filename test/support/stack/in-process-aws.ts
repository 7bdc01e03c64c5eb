import { Readable } from 'node:stream';
import type { AwsService } from '../../../local/aws/aws-service.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

type SdkRequest = {
  method: string;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
};

type SendingClient = { send: (...sent: never[]) => Promise<unknown> };

/**
 * The HTTP handler of an SDK client that stands in front of a local AWS endpoint in this process: the whole SDK, without a socket,
 * which would take real time. `waits`: time passes while the endpoint has the request, as it must for a long poll.
 */
export function inProcess(service: AwsService, { time, waits }: { time: VirtualTime; waits: boolean }) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    destroy: () => undefined,
    async handle(request: SdkRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
      const { method, path, query = {}, headers, body = '' } = request;
      const signal = abortSignal ?? new AbortController().signal;
      const search = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
      const asked = service({
        method,
        path,
        query: search,
        headers: Object.fromEntries(lower),
        body: bytesOf(body),
        accessKeyId: 'any',
        signal,
      });
      const gone = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
      });
      const answered = Promise.race([asked, gone]);
      const answer = waits ? await time.inside(answered) : await answered;
      const response = { statusCode: answer.status, headers: answer.headers, body: Readable.from([answer.body]) };
      return { response };
    },
  };
}

/** Time stands still while a client has something to do itself. */
export function inVirtualTime<Client extends SendingClient>(client: Client, time: VirtualTime): Client {
  const send = client.send.bind(client);
  client.send = (...sent) => time.outside(send(...sent));
  return client;
}

/** The SDK's own bytes warn whoever reads them as text. */
function bytesOf(body: string | Uint8Array): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
