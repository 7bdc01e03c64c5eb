import { DataApiFault } from './fault.ts';

/** Elements of PostgreSQL's text form of an array, `{1,NULL,"a b"}`. */
export function readArrayLiteral(literal: string): (string | null)[] {
  // Lower bounds other than 1 are written in front: `[0:1]={…}`; one pair for each dimension.
  const start = literal.indexOf('{');
  const body = literal.slice(start + 1, -1);
  const elements: (string | null)[] = [];
  for (let at = 0; at < body.length;) {
    if (body[at] === '{') {
      throw new DataApiFault('UnsupportedResultException', 'The result contains a multidimensional array.');
    }
    const end = body[at] === '"' ? endOfQuoted(body, at) : endOfPlain(body, at);
    const element = body.slice(at, end);
    if (body[at] === '"') elements.push(element.slice(1, -1).replaceAll(/\\(.)/gs, '$1'));
    else elements.push(element === 'NULL' ? null : element);
    at = end + 1;
  }
  return elements;
}

function endOfQuoted(body: string, start: number): number {
  let at = start + 1;
  while (body[at] !== '"') at += body[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfPlain(body: string, start: number): number {
  const comma = body.indexOf(',', start);
  return comma === -1 ? body.length : comma;
}
