import type { AwsService } from '../../../local/aws/aws-service.ts';
import type { HttpPost } from '../../../shared/aws/http-post.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

type Calls = { call: (...asked: never[]) => Promise<unknown> };

/**
 * Stands in front of a local AWS endpoint in this process: the functions' own calls, signed, without a socket, which would take
 * real time. `waits`: time passes while the endpoint has the request, as it must for a long poll.
 */
export function inProcess(service: AwsService, { time, waits }: { time: VirtualTime; waits: boolean }): HttpPost {
  return {
    close: () => undefined,
    async post({ path, headers, body }, signal) {
      const pairs = headers.flatMap((name, index) =>
        index % 2 === 0 ? [[name, headers[index + 1] ?? ''] as const] : [],
      );
      const asked = service({
        method: 'POST',
        path,
        query: new URLSearchParams(),
        headers: Object.fromEntries(pairs),
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
  };
}

/** Time stands still while a client has something to do itself. */
export function inVirtualTime<Client extends Calls>(client: Client, time: VirtualTime): Client {
  const call = client.call.bind(client);
  client.call = (...asked) => time.outside(call(...asked));
  return client;
}
