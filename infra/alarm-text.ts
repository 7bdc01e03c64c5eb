import { Token } from 'aws-cdk-lib';
import { VERSION } from '../shared/runtime/version.ts';
import type { ConsoleLink } from './console-links.ts';

/** CloudWatch's limit for the description of an alarm. */
const MAX_DESCRIPTION_CHARACTERS = 1024;
/** Leaves room for what the alarm says and for its first link. */
export const MAX_RUNBOOK_URL_CHARACTERS = 256;

type AlarmText = {
  says: string;
  /** Heading of docs/runbook.md. */
  heading: string;
  /** Where readers find the runbook; undefined: in the package. */
  runbookUrl: string | undefined;
  /** What to open, the most useful first. */
  see: readonly ConsoleLink[];
};

/**
 * What an alarm tells whoever it wakes: what is wrong, the heading in the runbook, and where to look, one line each. E-mails
 * show it as plain text and the console as Markdown, where a list keeps its lines. A link that would make it too long for
 * CloudWatch is left out: names in other people's stacks can be long, and an alarm that cannot be created fails the deployment.
 */
export function alarmText({ says, heading, runbookUrl, see }: AlarmText): string {
  const anchor = runbookAnchor(heading);
  const runbook = runbookUrl ?? `docs/runbook.md`;
  const where = runbookUrl === undefined ? ` in the package surehook ${VERSION}` : '';
  const head = `${says}\n\n- Runbook: ${runbook}${anchor}${where}`;
  let left = MAX_DESCRIPTION_CHARACTERS - head.length;
  if (Token.isUnresolved(runbookUrl)) left -= MAX_RUNBOOK_URL_CHARACTERS;
  const lines = see.flatMap(({ label, url, longestUrl }) => {
    const longestLine = `\n- ${label}: `.length + longestUrl;
    if (longestLine > left) return [];
    left -= longestLine;
    return [`\n- ${label}: ${url}`];
  });
  return [head, ...lines].join('');
}

/** Of a heading of docs/runbook.md, as web pages of Markdown make it. */
export function runbookAnchor(heading: string): string {
  return `#${heading.toLowerCase().replaceAll(' ', '-')}`;
}
