// Writes docs/api.md: what the package exports, in the words of its own comments. Run `npm run api` after a change; a test fails
// if it was forgotten. It reads the sources as the formatter leaves them.
import { readFileSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);

const MODULES = [
  { name: 'surehook', entry: 'infra/surehook.ts', says: "For CDK apps: `import { WebhookDelivery } from 'surehook'`." },
  {
    name: 'surehook/client',
    entry: 'client/surehook-client.ts',
    says: "For whoever hands over webhooks: `import { createSurehook } from 'surehook/client'`.",
  },
];

type Member = { signature: string; doc: string };
type Declared = { name: string; doc: string; members: Member[]; text: string };

/** The text of docs/api.md, and what lacks a comment. */
export function describeApi(): { text: string; undocumented: string[] } {
  const modules = MODULES.map((module) => ({ ...module, declared: exportsOf(module.entry) }));
  const all = modules.flatMap(({ declared }) => declared);
  const text = [
    '# The API of the package',
    '',
    'Written by `npm run api` from the comments in the sources.',
    '',
    ...modules.flatMap(({ name, says, declared }) => [
      `## ${name}`,
      '',
      says,
      '',
      ...declared.flatMap((each) => [...sectionOf(each), '']),
    ]),
  ];
  return {
    text: `${text.join('\n').trimEnd()}\n`,
    undocumented: all.flatMap(({ name, doc, members }) => [
      ...(doc === '' ? [name] : []),
      ...members.filter((member) => member.doc === '').map(({ signature }) => `${name}.${signature}`),
    ]),
  };
}

/** The names that a module exports by itself or from others, in the order of its text. */
function exportsOf(entry: string): Declared[] {
  const source = sourceOf(entry);
  const reexports = [...source.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)];
  const named = reexports.flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.replace('type ', '').trim())
      .filter((name) => name !== '')
      .map((name) => declarationOf(name, posix.join(posix.dirname(entry), from))),
  );
  const own = [...source.matchAll(/^export function (\w+)/gm)].map(([, name = '']) => name);
  return [...new Set(own)].map((name) => declarationOf(name, entry)).concat(named);
}

function declarationOf(name: string, path: string): Declared {
  const source = sourceOf(path);
  const found = new RegExp(`^export (?:type|class|function) ${name}\\b`, 'm').exec(source);
  if (found === null) throw new Error(`${path} declares no ${name}`);
  const { index } = found;
  return {
    name,
    doc: docBefore(source, index),
    members: membersOf(source.slice(index)),
    text: statementAt(source, index),
  };
}

/** Public members of an object type or a class. */
function membersOf(from: string): Member[] {
  const [head = ''] = from.split('\n', 1);
  if (!head.endsWith('{') || head.startsWith('export function')) return [];
  const body = from.slice(0, from.search(/^\}/m));
  const isType = head.startsWith('export type');
  const line = isType ? /^ {2}(?![\s/*}])(.+)$/gm : /^ {2}(?:override )?((?:readonly|get|(?:static )?\w+(?=\()).*)$/gm;
  const found = [...body.matchAll(line)].filter(
    ([, text = '']) => !/^(?:constructor|private|return|\w+\(.*\);$)/.test(text) || isType,
  );
  const told = found.filter(([, text = '']) => !/^readonly (?:(?:name|code)\b|#)/.test(text));
  return told.map((match) => ({ signature: signatureOf(match[1] ?? ''), doc: docBefore(body, match.index) }));
}

function signatureOf(line: string): string {
  return line
    .replace(/^readonly /, '')
    .replace(/ \{$/, '')
    .replace(/;$/, '')
    .replace(/ = '.*'$/, '');
}

/** The comment that ends just before a place, on one line. */
function docBefore(source: string, index: number): string {
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(source.slice(0, index))?.[1] ?? '';
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trimEnd());
  const [prose = ''] = lines.join('\n').split(/\n\n {4}|\n@/);
  return prose.replaceAll(/\s+/g, ' ').trim();
}

/** A short declaration as a whole; of a function all its forms. */
function statementAt(source: string, index: number): string {
  const rest = source.slice(index);
  const forms = rest.split('\n').filter((line) => /^export function .*;$/.test(line));
  if (forms.length > 0) return forms.join('\n').replaceAll('export ', '');
  const end = rest.search(/;\n(?=\n|$)/);
  return rest.slice(0, end + 1).replaceAll('export ', '');
}

function sectionOf({ name, doc, members, text }: Declared): string[] {
  const listed = members.map((member) => `- \`${member.signature}\`${member.doc === '' ? '' : `: ${member.doc}`}`);
  const shown = members.length > 0 ? listed : ['```ts', text.trim(), '```'];
  return [`### ${name}`, '', ...(doc === '' ? [] : [doc, '']), ...shown];
}

function sourceOf(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('docs/api.md', root), describeApi().text);
}
