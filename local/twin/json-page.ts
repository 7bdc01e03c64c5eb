import type { PageHandler } from './front-door.ts';

/** Answers `GET <path>` with a document as JSON, made anew for each request. */
export function jsonPage(path: string, document: () => unknown): PageHandler {
  return (request, response) => {
    if (request.url?.split('?', 1)[0] !== path) return false;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    response.writeHead(isRead ? 200 : 405, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(request.method === 'GET' ? `${JSON.stringify(document())}\n` : undefined);
    return true;
  };
}
