import type { IncomingMessage } from 'node:http';

/** Who may talk to the console: a browser on this machine, and for changes only a page of the console itself. */
export type RequestGuard = {
  /**
   * Why a request is refused, or undefined if it is not. A name that an attacker points at 127.0.0.1 arrives with its own
   * `Host`; another site's page that posts here arrives with its own `Origin`.
   */
  refusal(request: IncomingMessage): string | undefined;
};

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** @param origin of the console, e.g. `http://127.0.0.1:4566` */
export function createRequestGuard(origin: string): RequestGuard {
  const { port } = new URL(origin);
  const hosts = new Set(LOOPBACK_NAMES.map((name) => (port === '' ? name : `${name}:${port}`)));
  return {
    refusal(request) {
      const host = request.headers.host?.toLowerCase();
      if (host === undefined || !hosts.has(host)) return 'This console answers only at its loopback address.';
      if (request.method === 'GET' || request.method === 'HEAD') return undefined;
      if (request.headers.origin !== `http://${host}`) return 'A change must come from a page of this console.';
      return undefined;
    },
  };
}
