// Real: the rules of a release, and, where the machine has git, the whole script in a repository made for one test, without a
// remote. Double: that repository's `npm run check`, a line of its package.json.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { release, type ReleaseFacts, releaseFaults } from '../../scripts/release.ts';

const CHANGELOG =
  '# Changelog\n\n## 1.2.3 (2026-11-26)\n\n- Webhooks arrive.\n\n## 1.2.2 (2026-10-01)\n\n- Fewer faults.\n';
const READY: ReleaseFacts = {
  branch: 'main',
  changes: [],
  tags: ['v1.2.2'],
  packageJson: '{"version":"1.2.3"}',
  packageLock: '{"version":"1.2.3","packages":{"":{"version":"1.2.3"}}}',
  versionSource: "export const VERSION = '1.2.3';\n",
  changelog: CHANGELOG,
  dataHolders: holders('Name', 'one'),
  dataHoldersBefore: holders('Name', 'one'),
};

/** One queue, in one form of the stack. */
function holders(property: string, value: string): string {
  return JSON.stringify({ 'a new database': { Intake: { type: 'AWS::SQS::Queue', [property]: value } } });
}

describe('a release', () => {
  test('is ready where everything agrees', () => {
    expect(releaseFaults(READY)).toEqual([]);
  });

  test.each<[string, Partial<ReleaseFacts>, string]>([
    ['on another branch', { branch: 'mend' }, 'releases are tagged on main, this is mend'],
    ['with nothing checked out', { branch: '' }, 'releases are tagged on main, this is no branch'],
    ['of a tree with changes', { changes: ['?? notes.txt'] }, 'the tree is not clean: ?? notes.txt'],
    ['that is tagged already', { tags: ['v1.2.3'] }, 'the tag v1.2.3 is there already'],
    [
      'whose lockfile is of another version',
      { packageLock: '{"version":"1.2.3","packages":{"":{"version":"1.2.2"}}}' },
      'package-lock.json says 1.2.3, package.json 1.2.3: npm version --no-git-tag-version writes both',
    ],
    [
      'that would tell receivers another version',
      { versionSource: "export const VERSION = '1.2.2';" },
      'shared/runtime/version.ts says 1.2.2, package.json 1.2.3',
    ],
    [
      'that the changelog does not know',
      { changelog: '# Changelog\n\n## 1.2.2 (2026-10-01)\n\n- Fewer faults.\n' },
      'CHANGELOG.md begins with 1.2.2, package.json says 1.2.3',
    ],
    [
      'that the changelog calls unreleased',
      { changelog: CHANGELOG.replace('2026-11-26', 'unreleased') },
      'CHANGELOG.md: the heading of 1.2.3 must end in the day of its release (YYYY-MM-DD), not (unreleased)',
    ],
    [
      'of a day that does not exist',
      { changelog: CHANGELOG.replace('2026-11-26', '2026-11-31') },
      'CHANGELOG.md: the heading of 1.2.3 must end in the day of its release (YYYY-MM-DD), not (2026-11-31)',
    ],
    [
      'of which nothing is told',
      { changelog: CHANGELOG.replace('- Webhooks arrive.', '') },
      'CHANGELOG.md says nothing about 1.2.3',
    ],
    [
      'that would put an empty queue in the place of one with requests',
      { dataHolders: holders('Name', 'two') },
      'the last release’s data would be lost: AWS::SQS::Queue Intake would be replaced: its Name changes (a new database)',
    ],
    [
      'that would give one a name it did not have',
      {
        dataHoldersBefore: holders('Note', ''),
        dataHolders: holders('Note', '').replace('"Note"', '"Name":"a","Note"'),
      },
      'the last release’s data would be lost: AWS::SQS::Queue Intake would be replaced: its Name changes (a new database)',
    ],
    [
      'that would forget one',
      { dataHolders: '{"a new database":{}}' },
      'the last release’s data would be lost: AWS::SQS::Queue Intake would be gone (a new database)',
    ],
  ])('%s is refused', (_case, facts, fault) => {
    expect(releaseFaults({ ...READY, ...facts })).toEqual([fault]);
  });

  test('is refused for everything at once', () => {
    const changed = { branch: 'mend', changes: [' M README.md'], tags: ['vnext'], packageJson: '{"version":"next"}' };
    expect(releaseFaults({ ...READY, ...changed }).map((fault) => fault.split(' ')[0])).toEqual([
      'package.json:',
      'releases',
      'the',
      'the',
      'package-lock.json',
      'shared/runtime/version.ts',
      'CHANGELOG.md',
    ]);
  });
});

describe.runIf(spawnSync('git', ['--version']).status === 0)('the script, in a repository of its own,', () => {
  let folder: string;
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const commit = (check: string): void => {
    write('package.json', JSON.stringify({ name: 'throw-away', version: '1.2.3', scripts: { check } }));
    git('add', '.');
    git('commit', '--quiet', '--message', 'What is to be released');
  };

  beforeEach(() => {
    // Whoever runs the tests may do so from a hook of git, or have settings of their own.
    for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) vi.stubEnv(name, undefined);
    vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
    vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
    folder = mkdtempSync(join(tmpdir(), 'surehook-release-'));
    git('init', '--quiet', '--initial-branch', 'main');
    for (const [name, value] of Object.entries({
      'user.name': 'A Releaser',
      'user.email': 'releaser@example.com',
      'commit.gpgSign': 'false',
      'tag.gpgSign': 'false',
    })) {
      git('config', name, value);
    }
    write('package-lock.json', READY.packageLock);
    write('shared/runtime/version.ts', READY.versionSource);
    write('CHANGELOG.md', CHANGELOG);
    write('test/infra/data-holders.json', READY.dataHolders);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  test('tags the commit it has checked, with what the changelog tells, and only once', () => {
    commit('node -e 0');
    expect(release(folder)).toEqual({ kind: 'tagged', tag: 'v1.2.3' });
    expect(git('cat-file', '-t', 'v1.2.3')).toBe('tag');
    expect(git('rev-parse', 'v1.2.3^{commit}')).toBe(git('rev-parse', 'HEAD'));
    expect(git('tag', '--list', '--format=%(contents)')).toBe('Surehook 1.2.3\n\n- Webhooks arrive.');
    expect(release(folder)).toEqual({ kind: 'refused', faults: ['the tag v1.2.3 is there already'] });
  });

  test('tags nothing that would lose what the release before it holds, and looks at the last one alone', () => {
    const releasing = (tag: string, queueName: string) => {
      write('test/infra/data-holders.json', holders('Name', queueName));
      commit('node -e 0');
      git('tag', tag);
    };
    releasing('v0.9.0', 'zero');
    releasing('v0.10.0', 'one');
    write('test/infra/data-holders.json', holders('Name', 'two'));
    commit('node -e 0');
    expect(release(folder)).toEqual({
      kind: 'refused',
      faults: [expect.stringContaining('AWS::SQS::Queue Intake would be replaced')],
    });
    write('test/infra/data-holders.json', holders('Name', 'one'));
    commit('node -e 0');
    expect(release(folder)).toEqual({ kind: 'tagged', tag: 'v1.2.3' });
  });

  test('tags nothing that has not passed the check', () => {
    commit('node -e "process.exit(3)"');
    expect(release(folder)).toEqual({ kind: 'refused', faults: ['npm run check failed'] });
    expect(git('tag', '--list')).toBe('');
  });

  test('checks nothing while the tree is not as it is committed', () => {
    commit("node -e \"fs.writeFileSync('checked','')\"");
    write('notes.txt', 'not committed');
    expect(release(folder)).toEqual({ kind: 'refused', faults: ['the tree is not clean: ?? notes.txt'] });
    expect(git('status', '--porcelain')).toBe('?? notes.txt');
  });

  test.each([
    ['files', "node -e \"fs.writeFileSync('notes.txt','')\""],
    ['commits', 'git commit --quiet --allow-empty --message meanwhile'],
  ])('tags nothing when %s have changed while it was checked', (_what, check) => {
    commit(check);
    expect(release(folder)).toEqual({ kind: 'refused', faults: ['the tree changed while it was being checked'] });
    expect(git('tag', '--list')).toBe('');
  });
});
