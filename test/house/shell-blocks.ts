import { filesBelow, sourceOf } from './sources.ts';

/** A block of shell in a document, as a reader copies it. */
export type ShellBlock = { document: string; text: string };

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'ARCHITECTURE.md',
  'examples/README.md',
  ...filesBelow('docs', /\.md$/).filter((path) => !path.includes('/decisions/')),
];

export const SHELL_BLOCKS: readonly ShellBlock[] = DOCUMENTS.flatMap((document) => {
  const blocks = [...sourceOf(document).matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)];
  return blocks.map(([, indent = '', text = '']) => ({ document, text: text.replaceAll(`\n${indent}`, '\n').trim() }));
});

/** Who runs a block, or why nobody does. */
type Fate =
  | { is: (block: ShellBlock) => boolean; by: string }
  | { is: (block: ShellBlock) => boolean; because: string };

const says =
  (document: RegExp, text: RegExp) =>
  (block: ShellBlock): boolean =>
    document.test(block.document) && text.test(block.text);
const isOfTheCommandLine = ({ text }: ShellBlock): boolean => /^(?:surehook .*(?:\n|$))+$/.test(text);

/** The first that fits holds. */
export const FATES: readonly Fate[] = [
  { is: says(/README\.md$/, /^npm ci && npm start$/), by: 'test/end-to-end/start-and-stop.test.ts' },
  { is: says(/^README/, /^(?:node -p|curl )/), by: 'test/end-to-end/readme-suite.ts' },
  {
    is: says(/./, /^npm ci.*\s(?:.*\n)?.*npx cdk /),
    because: 'it deploys: test/infra/synth.test.ts synthesizes the same',
  },
  { is: says(/^README/, /^npm run --silent surehook/), by: 'test/cli/documents.test.ts' },
  {
    is: says(/^(?:README|CONTRIBUTING)/, /^npm (?:test|ci)\b/),
    because: 'each is a suite or a start of its own; that they are there: test/house/documents.test.ts',
  },
  { is: says(/credentials/, /^psql /), by: 'test/cli/credentials-document.test.ts' },
  { is: says(/deploy/, /^build\(\)/), by: 'test/shared/aws/data-api-migrations-neighbours.test.ts' },
  { is: says(/deploy/, /^aws rds describe-db-clusters/), because: 'this machine has no RDS' },
  { is: says(/runbook/, /^change_password/), by: 'test/infra/runbook.test.ts' },
  { is: says(/runbook/, /^forget_delivered/), by: 'test/infra/runbook-sql.test.ts' },
  { is: says(/outbox/, /^aws rds-data execute-statement/), by: 'test/infra/runbook-sql.test.ts' },
  { is: says(/runbook/, /rds modify-db-cluster/), because: 'this machine has no RDS' },
  {
    is: (block) => block.document === 'docs/runbook.md' && isOfTheCommandLine(block),
    by: 'test/end-to-end/runbook-suite.ts',
  },
  { is: says(/runbook/, /./), by: 'test/clients/other-clients.test.ts' },
  { is: isOfTheCommandLine, by: 'test/cli/documents.test.ts' },
  {
    is: says(
      /./,
      /^(?:jq |aws lambda invoke|export AWS_ENDPOINT_URL|npx node|node=|npm run --silent surehook -- check)/,
    ),
    by: 'test/clients/document-blocks.test.ts',
  },
];

export function fateOf(block: ShellBlock): Fate | undefined {
  return FATES.find(({ is }) => is(block));
}

/** The blocks that a test has to run. */
export function blocksOf(test: string): ShellBlock[] {
  return SHELL_BLOCKS.filter((block) => {
    const fate = fateOf(block);
    return fate !== undefined && 'by' in fate && fate.by === test;
  });
}
