import type { IncomingMessage, ServerResponse } from 'node:http';
import { createConsoleActions } from './console-actions.ts';
import { createConsolePages } from './console-pages.ts';
import type { ConsoleParts, Route } from './console-parts.ts';
import { readForm } from './form-body.ts';
import { messagePage } from './layout.ts';
import { createRequestGuard } from './request-guard.ts';
import { type Answer, page, plainText, send } from './respond.ts';
import { readStaticAssets } from './static-assets.ts';

/**
 * The console: pages for people, at `/` of the local port.
 *
 * @returns a handler that resolves to false, with nothing touched, for a path that is not the console's, unless a browser asks
 * for a page: then it says that there is none. It never rejects.
 */
export function createConsole(
  parts: ConsoleParts,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  const guard = createRequestGuard(parts.origin);
  const assets = readStaticAssets();
  const routes: Route[] = [
    { path: /^\/console\/assets\/([a-z.]+)$/, get: async (_query, [name = '']) => assets.get(name) },
    { path: /^\/favicon\.ico$/, get: async () => assets.get('favicon.svg') },
    ...createConsolePages(parts),
    ...createConsoleActions(parts),
  ];
  return async (request, response) => {
    const url = parseUrl(request.url);
    const matching = url === undefined ? [] : routes.filter(({ path }) => path.test(url.pathname));
    // A browser asks for a page; whoever else asks is answered by the port itself.
    const wantsPage = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
    if (url === undefined || (matching.length === 0 && !wantsPage)) return false;
    const refusal = guard.refusal(request);
    if (refusal !== undefined) {
      send(response, plainText(`${refusal}\n`, 403));
      return true;
    }
    try {
      send(response, await answer({ request, url, matching }));
    } catch (error) {
      parts.reportFault?.(error);
      send(response, page(messagePage('No answer', 'The database or a function did not answer. Try again.'), 503));
    }
    return true;
  };
}

async function answer(asked: { request: IncomingMessage; url: URL; matching: readonly Route[] }): Promise<Answer> {
  const { request, url, matching } = asked;
  const parametersOf = ({ path }: Route): string[] => path.exec(url.pathname)?.slice(1) ?? [];
  if (matching.length === 0) return notFound();
  if (request.method === 'GET' || request.method === 'HEAD') {
    const route = matching.find(({ get }) => get !== undefined);
    if (route?.get === undefined) return wrongMethod('POST');
    return (await route.get(url.searchParams, parametersOf(route))) ?? notFound();
  }
  const route = matching.find(({ post }) => post !== undefined);
  if (request.method !== 'POST' || route?.post === undefined) {
    return wrongMethod(route === undefined ? 'GET, HEAD' : 'POST');
  }
  const body = await readForm(request);
  switch (body.kind) {
    case 'too large':
      return page(
        messagePage('Too large', 'A form can hold at most 300 KiB. Send larger payloads by invoke or by queue.'),
        413,
      );
    case 'not a form':
      return plainText('A change must be sent as a form.\n', 415);
    case 'form':
      return (await route.post({ fields: body.fields, parameters: parametersOf(route), request })) ?? notFound();
  }
}

function wrongMethod(allow: string): Answer {
  return { ...plainText('This address does not accept this method.\n', 405), headers: { allow } };
}

function notFound(): Answer {
  return page(messagePage('Not found', 'There is nothing at this address.'), 404);
}

function parseUrl(target: string | undefined): URL | undefined {
  // Only an origin-form target: otherwise `//host/` would be taken for another host.
  return target?.startsWith('/') === true && URL.canParse(`http://127.0.0.1${target}`)
    ? new URL(`http://127.0.0.1${target}`)
    : undefined;
}
