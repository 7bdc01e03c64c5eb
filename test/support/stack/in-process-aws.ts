import type { AwsService } from '../../../local/aws/aws-service.ts';
import type { HttpPost } from '../../../shared/aws/http-post.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

type Calling = { call: (...asked: never[]) => Promise<unknown> };

/**
 * What a client of AWS posts by, in front of a local AWS endpoint in this process: the whole client, without a socket, which would take
 * real time. `waits`: time passes while the endpoint has the request, as it must for a long poll.
 */
export function inProcess(service: AwsService, { time, waits }: { time: VirtualTime; waits: boolean }): HttpPost {
  return {
    async post({ path, headers, body }, signal) {
      const asked = service({
        method: 'POST',
        path,
        query: new URLSearchParams(),
        headers: Object.fromEntries(
          Array.from({ length: headers.length / 2 }, (_, index) => [
            headers[2 * index] ?? '',
            headers[2 * index + 1] ?? '',
          ]),
        ),
        body: Buffer.from(body),
        accessKeyId: 'any',
        signal,
      });
      const gone = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
      });
      const answered = Promise.race([asked, gone]);
      const answer = waits ? await time.inside(answered) : await answered;
      return { status: answer.status, headers: answer.headers, text: answer.body.toString() };
    },
    close: () => undefined,
  };
}

/** Time stands still while a client has something to do itself. */
export function inVirtualTime<Client extends Calling>(client: Client, time: VirtualTime): Client {
  const call = client.call.bind(client);
  client.call = (...asked) => time.outside(call(...asked));
  return client;
}
