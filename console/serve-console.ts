import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createConsole } from './create-console.ts';
import type { ConsoleParts } from './console-parts.ts';
import { plainText, send } from './respond.ts';
import { createSessionKey } from './session-key.ts';

export type ServedConsole = {
  /** With the key that lets a browser in. */
  url: string;
  close(): Promise<void>;
};

/**
 * Serves the console on 127.0.0.1, to whoever has the address with its key: others on this machine can reach the port too, and
 * the console acts with somebody's credentials. Rejects if the port is taken.
 *
 * @param port 0: any that is free
 */
export async function serveConsole(
  port: number,
  parts: Omit<ConsoleParts, 'origin' | 'local'>,
): Promise<ServedConsole> {
  let handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async () => undefined;
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const open = typeof address === 'object' && address !== null ? address.port : port;
  const origin = `http://127.0.0.1:${open}`;
  const session = createSessionKey(open);
  const serve = createConsole({ ...parts, origin });
  handle = async (request, response) => {
    const refusal = session.answer(request);
    if (refusal !== undefined) send(response, refusal);
    else if (!(await serve(request, response))) send(response, plainText('There is nothing at this address.\n', 404));
  };
  return {
    url: `${origin}/?key=${session.key}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
