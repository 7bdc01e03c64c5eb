// Real: folders, links and the operating system's own errors; another user where the tests run as root. No doubles but for
// a machine without an IPv4 loopback, which cannot be had here.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StartError } from '../../local/start-error.ts';
import { TemplateError } from '../../local/template/template-values.ts';
import { openDataFolder } from '../../local/twin/data-folder.ts';
import { whyNotOpen } from '../../local/twin/front-door.ts';
import { startFault } from '../../local/twin/start-fault.ts';
import { MalformedSettings } from '../../shared/settings.ts';

const NOBODY = 65_534;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function refusalOf(path: string): Promise<string> {
  const refused: unknown = await openDataFolder(path).then(
    ({ release }) => release(),
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(StartError);
  return refused instanceof StartError ? refused.message : '';
}

describe('a data folder is refused in one line that says why:', () => {
  it.each([
    ['a link that leads nowhere', () => symlinkSync(join(folder, 'nowhere'), join(folder, 'data')), 'leads nowhere'],
    ['links in a circle', () => symlinkSync(join(folder, 'data'), join(folder, 'data')), 'in a circle|leads nowhere'],
    ['a file in its place', () => writeFileSync(join(folder, 'data'), ''), 'a file is in the way'],
  ])('%s', async (_what, prepare, why) => {
    prepare();
    expect(await refusalOf(join(folder, 'data'))).toMatch(
      new RegExp(`^DATA_DIR .*/data cannot be written: .*${why}.*$`),
    );
  });

  it('a name that is too long for the file system', async () => {
    const message = await refusalOf(join(folder, 'n'.repeat(300)));
    expect(message).toMatch(/cannot be written: its path is too long \(ENAMETOOLONG\)/);
    expect(message.length).toBeLessThan(350);
  });

  it.each([901, 5_000])('a path of %d bytes, which PostgreSQL would not take', async (bytes) => {
    const path = join(folder, 'd/'.repeat(bytes)).slice(0, bytes);
    const message = await refusalOf(path);
    expect(message).toContain(`its path has ${bytes} bytes, and PostgreSQL allows at most 900`);
    expect(message.length).toBeLessThan(400);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('one of another user', async () => {
    // Nobody but root may take another user's part, and whoever is not root is kept out of root's.
    const isRoot = process.getuid?.() === 0;
    const other = isRoot ? join(folder, 'data') : '/surehook-data';
    if (isRoot) process.seteuid?.(NOBODY);
    const refused = refusalOf(other);
    if (isRoot) process.seteuid?.(0);
    expect(await refused).toMatch(/cannot be written: .*another user \(E(?:ACCES|PERM|ROFS)\)|read-only \(EROFS\)/);
  });
});

describe('a start that cannot be says', () => {
  const errorOf = (act: () => unknown): unknown => {
    try {
      act();
    } catch (error) {
      return error;
    }
    throw new Error('it did not fail');
  };

  it.each([
    new StartError('port 1 is taken'),
    new MalformedSettings(['PORT must be a number']),
    new TemplateError('Queue.Type: not known'),
  ])('in its own words what $name is', (error) => {
    expect(startFault(error, folder)).toBe(error.message);
  });

  it('which file of the data folder the system refuses, and nothing of a trace', () => {
    mkdirSync(join(folder, 'secrets.json'));
    const fault = errorOf(() => writeFileSync(join(folder, 'secrets.json'), ''));
    expect(startFault(fault, folder)).toBe(
      `DATA_DIR ${join(folder, 'secrets.json')} cannot be written: there is a folder where a file should be (EISDIR). Choose another with DATA_DIR=…`,
    );
  });

  it('what else the system refuses, in its own line', () => {
    const fault = errorOf(() => readdirSync(join(folder, 'elsewhere')));
    expect(startFault(fault, join(folder, 'data'))).toMatch(/^could not start: ENOENT: [^\n]*elsewhere'$/);
  });

  it('with a trace only what nobody foresaw', () => {
    expect(startFault(new TypeError('x is not a function'), folder)).toMatch(
      /^could not start: TypeError: x .*\n +at /,
    );
  });
});

it('a machine with an IPv6 loopback alone is told so, and not to choose another port', () => {
  const cause = Object.assign(new Error('listen EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL', syscall: 'listen' });
  expect(whyNotOpen(4566, cause)).toBe(
    'this machine has no 127.0.0.1, where all of surehook listens: an IPv6 loopback address alone is not enough',
  );
});
