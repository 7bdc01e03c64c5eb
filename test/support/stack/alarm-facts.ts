import { readFileSync } from 'node:fs';
import { ATTEMPT_DURATION, COUNTED, DEAD_LETTERS, EVERY_SWEEP } from '../../../shared/observe/metric-names.ts';

const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');

/** Anchors of the runbook's headings that belong to alarms: those below *By hand* do not. */
export const ALARM_HEADINGS: readonly string[] = (runbook.split('\n# By hand')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('## '))
  .map((line) => line.slice(3).toLowerCase().replaceAll(' ', '-'));

/** Every metric of ours that a function reports. */
export const REPORTED: readonly string[] = [...COUNTED, ...EVERY_SWEEP, DEAD_LETTERS, ATTEMPT_DURATION];
