/**
 * The one class of undici that the sender needs, imported by its own path: the package's entry brings fetch, caches,
 * WebSocket and proxies along (715 KB minified against 446 KB). Only what the sender uses is declared.
 * No version promises to keep the path: `undici-client.test.ts` says what to do when it moves.
 */
declare module 'undici/lib/dispatcher/client.js' {
  import type { Duplex } from 'node:stream';
  import type { Dispatcher } from 'undici';

  export default class Client {
    constructor(
      origin: string,
      options: {
        pipelining: 1;
        allowH2: false;
        useMilo: false;
        maxHeaderSize: number;
        headersTimeout: number;
        bodyTimeout: number;
        connect: (target: unknown, callback: (error: Error | null, socket: Duplex | null) => void) => void;
      },
    );
    dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean;
    destroy(): Promise<void>;
  }
}
