// Where documents lead. Real: every document of the project, its links and headings. No doubles. Links to elsewhere are not followed.
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runbookAnchor } from '../../infra/alarm-text.ts';
import { RUNBOOK_OF_BOXES } from '../../infra/dashboard.ts';
import { filesBelow, sourceOf } from './sources.ts';

const root = new URL('../../', import.meta.url);
const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/README.md',
  ...filesBelow('docs', /\.md$/),
];

type Link = { from: string; to: string; anchor: string };

/** Without what is quoted: a bracket in code is no link. */
function proseOf(path: string): string {
  return sourceOf(path)
    .replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => 'x'.repeat(code.length));
}

function linksOf(path: string): Link[] {
  return [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor = ''] = target.split('#');
    return [{ from: path, to: file === '' ? path : posix.join(posix.dirname(path), file), anchor }];
  });
}

/** As GitHub names the headings of a document. */
function anchorsOf(path: string): string[] {
  const headings = [
    ...sourceOf(path)
      .replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
      .matchAll(/^#+ (.+)$/gm),
  ];
  return headings.map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(DOCUMENTS)('%s', (path) => {
  test('links to files and headings that are there', () => {
    const broken = linksOf(path).filter(({ to, anchor }) => {
      if (!existsSync(new URL(to, root))) return true;
      return anchor !== '' && to.endsWith('.md') && !anchorsOf(to).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

test('the dashboard links to headings of the runbook', () => {
  const anchors = RUNBOOK_OF_BOXES.map((heading) => runbookAnchor(heading).slice(1));
  expect(anchors.filter((anchor) => !anchorsOf('docs/runbook.md').includes(anchor))).toEqual([]);
  expect(anchorsOf('docs/runbook.md')).toContain('the-databases-password');
});

/** Documents that somebody reaches from the README by so many links. */
function within(clicks: number): Set<string> {
  let reached = new Set(['README.md']);
  for (let click = 0; click < clicks; click += 1) {
    const next = [...reached].filter((path) => path.endsWith('.md')).flatMap((path) => linksOf(path));
    // A folder is shown with its README.
    reached = new Set([...reached, ...next.map(({ to }) => to)]);
  }
  return reached;
}

test.each<[question: string, document: string, answer: RegExp]>([
  ['the template language', 'docs/payload-templates.md', /`\{\{missing \\\| nobody\}\}`/],
  ['how large anything may be', 'docs/enqueue.md', /\n## Sizes\n/],
  ['what a batch is answered', 'docs/enqueue.md', /\{"results":\[…\]\}/],
  ['what `enabled: false` is answered', 'docs/enqueue.md', /\{"skipped":true,"reason":"disabled"\}/],
  ['which headers are reserved', 'docs/enqueue.md', /Reserved, in any case/],
  ['how settings survive the next deployment', 'docs/deploy.md', /Commit it: every `cdk deploy`/],
  ['how on-call raises deliverConcurrency', 'docs/runbook.md', /--scaling-config MaximumConcurrency=\d+/],
  ['how on-call raises maxCapacity', 'docs/runbook.md', /--serverless-v2-scaling-configuration MinCapacity/],
  ['for how long a withdrawn credential is used', 'README.md', /kept for 10 s: one that you withdraw/],
  ['how a receiver verifies a signature, in TypeScript', 'examples/receiver/receiver.ts', /timingSafeEqual/],
  ['how a receiver verifies a signature, in Python', 'examples/receiver/receiver.py', /compare_digest/],
  ['how a receiver verifies a signature, in Java', 'examples/receiver/Receiver.java', /MessageDigest\.isEqual/],
  ['how long anything is kept', 'docs/privacy.md', /\| how long \|/],
  ['where to report a vulnerability', 'SECURITY.md', /Report a vulnerability privately/],
  ['what an upgrade does', 'docs/deploy.md', /\n## Upgrading and rolling back\n/],
  ['who gets which right', 'docs/deploy.md', /\n## Permission to hand over webhooks\n/],
])('somebody who asks %s is two clicks away from %s', (_question, document, answer) => {
  expect(sourceOf(document)).toMatch(answer);
  expect([...within(2)]).toContain(document);
});
