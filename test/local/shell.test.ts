// Real: the environment as an object, folders. Doubles: the parent's process id and the clock, turned by hand.
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetOtherDatabases, goneNpm, type Shell, stopSignals } from '../../local/twin/shell.ts';
import { goneFolder, untilGone } from '../../local/twin/until-gone.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const INIT = 1;
const shell = (parts: Partial<Shell>): Shell => ({ env: {}, ppid: () => 4711, hasTerminal: false, ...parts });
const byNpm = { npm_lifecycle_event: 'start' };

it('forgets the settings of other databases and nothing else', () => {
  const env = { PGSSLMODE: 'require', PGOPTIONS: '-c x=y', PGPASSFILE: '/x', PATH: '/bin', PAGER: 'less', pghost: 'h' };
  forgetOtherDatabases(shell({ env }));
  expect(env).toEqual({ PATH: '/bin', PAGER: 'less', pghost: 'h' });
});

it.each([
  [true, ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP']],
  [false, ['SIGINT', 'SIGTERM', 'SIGQUIT']],
])('a terminal is %s: stops by %j', (hasTerminal, signals) => {
  expect(stopSignals(shell({ hasTerminal }))).toEqual(signals);
});

describe('what npm started', () => {
  it('notices within two seconds that npm has gone', async () => {
    const timers = new ManualTimers();
    let parent = 4711;
    let gone: number | undefined;
    void untilGone(goneNpm(shell({ env: byNpm, ppid: () => parent })), timers).then((pid) => (gone = pid));
    await timers.advance(60_000);
    expect(gone).toBeUndefined();
    parent = INIT;
    await timers.advance(2_000);
    expect(gone).toBe(4711);
  });

  it('goes by whoever takes over its children, be that 1 or another', () => {
    let parent = 4711;
    const gone = goneNpm(shell({ env: byNpm, ppid: () => parent }));
    parent = 900;
    expect(gone()).toBe(4711);
  });

  it.each([
    ['npm is 1, as in a container', byNpm],
    ['it was put into the background without npm', {}],
  ])('stays when %s', (_why, env) => {
    let parent = env === byNpm ? INIT : 4711;
    const gone = goneNpm(shell({ env, ppid: () => parent }));
    parent = INIT;
    expect(gone()).toBeUndefined();
  });
});

describe('a folder', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'surehook-gone-'));
    mkdirSync(join(place, 'data', 'postgres'), { recursive: true });
  });
  afterEach(() => rmSync(place, { recursive: true }));

  it.each([
    ['removed', 'data', () => rmSync(join(place, 'data'), { recursive: true })],
    ['moved', 'data', () => renameSync(join(place, 'data'), join(place, 'moved'))],
    [
      'removed and made again',
      'data',
      () => {
        renameSync(join(place, 'data'), join(place, 'moved'));
        mkdirSync(join(place, 'data', 'postgres'), { recursive: true });
      },
    ],
    ['emptied', 'data/postgres', () => rmSync(join(place, 'data', 'postgres'), { recursive: true })],
  ])('that is %s is named within two seconds', async (_what, named, spoil) => {
    const timers = new ManualTimers();
    let gone: string | undefined;
    const watched = [join(place, 'data'), join(place, 'data', 'postgres')];
    void untilGone(goneFolder(watched), timers).then((folder) => (gone = folder));
    await timers.advance(60_000);
    expect(gone).toBeUndefined();
    spoil();
    await timers.advance(2_000);
    expect(gone).toBe(join(place, named));
  });
});
