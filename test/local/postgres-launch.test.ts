// Real: PostgreSQL's programs in a package of this suite's own, as if installed for its owner alone, below a folder that is
// closed to others; users, capabilities, mounts and namespaces, as far as whoever runs this may have them. Doubles: none.
// Never asserted: by which way PostgreSQL came up, unless a case leaves just one.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Account, missingCapabilities, unprivilegedAccount } from '../../local/postgres/accounts.ts';
import { removeProgramCopy } from '../../local/postgres/program-copy.ts';
import {
  canBe,
  type Circumstances,
  STRANGER,
  strangerCanRead,
  where,
  WITHOUT_ENTRY,
  WITHOUT_PROGRAMS,
} from '../support/postgres/circumstances.ts';
import { ClosedFolder } from '../support/postgres/postgres-launch-world.ts';

const isRoot = process.getuid?.() === 0;
const ROOT: Account = { uid: 0, gid: 0 };

const WITH_SETPRIV_ALONE: Circumstances = ['/bin/sh', '-c', 'PATH="$ONLY_SETPRIV" exec "$@"', 'sh'];
const WITHOUT_CAPABILITIES: Circumstances = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
/** Those that Docker leaves to root, who may make no namespace there. */
const OF_A_CONTAINER: Circumstances = [
  'setpriv',
  '--bounding-set=-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,+net_bind_service,+sys_chroot,+kill,+audit_write',
  '--inh-caps=-all',
  ...WITH_SETPRIV_ALONE,
];
const WITHOUT_NOBODY: Circumstances = inShell(
  'table=$(mktemp) && grep -v "^nobody:" /etc/passwd > "$table" && chmod 644 "$table"',
  'mount --bind "$table" /etc/passwd && rm "$table"',
);
const namespacesAreAllowed = canBe(WITHOUT_ENTRY);

let place: ClosedFolder;
/** Beside the database lies what the functions run, open as a mask leaves it, in the closed folder. */
let besideIt: string;

beforeAll(() => {
  place = new ClosedFolder();
  besideIt = join(place.path, 'data', 'bundle.mjs');
  mkdirSync(join(place.path, 'data'));
  writeFileSync(besideIt, 'code', { mode: 0o644 });
});
afterEach(() => place.removeData());
afterAll(() => place.remove());

describe('in a folder that is closed to others PostgreSQL starts for', () => {
  const cases: [who: string, circumstances: Circumstances, may: boolean][] = [
    ['whoever runs this', [], true],
    ['root without a program in the PATH', WITHOUT_PROGRAMS, isRoot],
    ['a user whom the user table does not know', WITHOUT_ENTRY, true],
    ['root without any capability', WITHOUT_CAPABILITIES, isRoot && namespacesAreAllowed],
    ['root where there is no other user', ['unshare', '--user', '--map-root-user'], true],
    ['root where the user table has no nobody', WITHOUT_NOBODY, isRoot],
  ];

  it.each(cases.filter(([, circumstances, may]) => may && canBe(circumstances)))(
    '%s, again and again, and leaves nothing behind or open',
    async (_who, circumstances) => {
      const first = await place.start(circumstances);
      expect(first.said).toMatch(/^postgresql:/);
      await query(first.said, 'create table kept as select 42 as answer');
      expect(isRoot && strangerCanRead(besideIt)).toBe(false);
      await first.stop();

      const second = await place.start(circumstances);
      expect(await query(second.said, 'select answer from kept')).toEqual([{ answer: 42 }]);
      await second.stop();

      expect(place.copyOfPrograms()).toBeUndefined();
      expect(statSync(place.path).mode & 0o777).toBe(0o700);
    },
  );
});

describe.each(where(isRoot, OF_A_CONTAINER))('root', () => {
  it('needs no copy of the programs in a usual container', async () => {
    const postgres = await place.start(OF_A_CONTAINER);
    expect(postgres.said).toMatch(/^postgresql:/);
    expect(place.copyOfPrograms()).toBeUndefined();
    await postgres.stop();
  });

  it('has PostgreSQL run from a copy closed to others, where there is no other way, and removes it at the end', async () => {
    const postgres = await place.start(WITHOUT_PROGRAMS);
    const copy = place.copyOfPrograms() ?? 'none';
    const program = join(copy, 'native', 'bin', 'postgres');
    expect(existsSync(program)).toBe(true);
    expect(strangerCanRead(program)).toBe(false);
    await postgres.stop();
    expect(existsSync(copy)).toBe(false);
  });

  it('removes the copy of a start that was killed at the next start', async () => {
    const killed = await place.start(WITHOUT_PROGRAMS);
    const copy = place.copyOfPrograms() ?? 'none';
    await killed.kill();
    expect(existsSync(copy)).toBe(true);

    const next = await place.start([]);
    expect(next.said).toMatch(/^postgresql:/);
    expect(existsSync(copy)).toBe(false);
    await next.stop();
  });

  it('removes nothing but a copy of its own', () => {
    const precious = join(place.path, 'precious');
    mkdirSync(precious);
    mkdirSync(place.folder, { recursive: true });
    symlinkSync(precious, join(place.folder, 'programs'));
    removeProgramCopy(place.folder);
    expect(existsSync(precious)).toBe(true);
    expect(place.copyOfPrograms()).toBeUndefined();
  });

  it.each([
    ['', []],
    [', also without a program in the PATH', WITHOUT_PROGRAMS],
  ] as const)('starts in a folder and from a package of another user%s', async (_also, circumstances) => {
    giveTo(STRANGER, place.path);
    const postgres = await place.start(circumstances);
    expect(await query(postgres.said, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
    giveTo(ROOT, place.path);
  });

  it('leaves the data of another user to that user', async () => {
    await (await place.start([])).stop();
    const data = join(place.folder, 'cluster', 'data');
    giveTo(STRANGER, data);
    const postgres = await place.start([]);
    expect(await query(postgres.said, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
    expect(statSync(join(data, 'postmaster.opts')).uid).toBe(STRANGER.uid);
  });

  it('starts on data that have become its own, as by a copy', async () => {
    await (await place.start([])).stop();
    giveTo(ROOT, join(place.folder, 'cluster', 'data'));
    const postgres = await place.start(WITHOUT_PROGRAMS);
    expect(await query(postgres.said, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });
});

describe.each(where(['unshare', '--mount']))('a package that is read-only and has not got its links', () => {
  it.each([
    ['in any case', []],
    ['also without a program in the PATH', WITHOUT_PROGRAMS],
    ['also without any capability', namespacesAreAllowed ? WITHOUT_CAPABILITIES : []],
  ] as const)('will do for root, %s', async (_case, circumstances) => {
    place.removeLinks();
    const mounted = inShell(
      `mount --bind "${place.native}" "${place.native}" && mount -o remount,ro,bind "${place.native}"`,
    );
    const postgres = await place.start([...mounted, ...circumstances]);
    expect(await query(postgres.said, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });
});

describe('where PostgreSQL truly cannot run, one line says what is missing', () => {
  const cases: [who: string, circumstances: Circumstances, line: RegExp, may: boolean][] = [
    [
      'to a root that may not become another user',
      [...WITHOUT_CAPABILITIES, ...WITHOUT_PROGRAMS],
      /^PostgreSQL refuses to run as root, and this root lacks CAP_CHOWN, .*CAP_SETUID .*start as an ordinary user.*$/,
      isRoot,
    ],
    [
      'to a user whom the user table does not know',
      [...WITHOUT_ENTRY, ...WITHOUT_PROGRAMS],
      /^user 4242 has no entry in the user table \(\/etc\/passwd\).*add one.*$/,
      true,
    ],
  ];

  it.each(cases.filter(([, circumstances, , may]) => may && canBe(circumstances)))(
    '%s',
    async (_who, circumstances, line) => {
      expect((await place.start(circumstances)).said).toMatch(line);
    },
  );
});

describe('the other user', () => {
  it.each([
    ['nobody', 'root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:\nnobody:x:65534:65533::/:\n', { uid: 65_534, gid: 65_533 }],
    ['nobody of macOS, whose number is below zero', '##\nnobody:*:-2:-2:x:/var/empty:\n', { uid: -2, gid: -2 }],
    ['the first who is not root, where there is no nobody', 'toor:x:0:0::/:\nbin:x:2:3::/:\n', { uid: 2, gid: 3 }],
    ['the kernel’s nobody, where the table names nobody', '', { uid: 65_534, gid: 65_534 }],
  ])('is %s', (_who, table, account) => {
    expect(unprivilegedAccount(table)).toEqual(account);
  });
});

describe('the capabilities that root lacks', () => {
  it.each([
    ['none in a usual container', 'CapEff:\t00000000a80425fb\n', []],
    [
      'all where all were dropped',
      'CapEff:\t0000000000000000\n',
      ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID'],
    ],
    ['the one that is missing', 'CapPrm:\t0000\nCapEff:\t00000000a80425db\n', ['CAP_KILL']],
    ['none where the system does not tell', '', []],
  ])('are %s', (_case, status, missing) => {
    expect(missingCapabilities(status)).toEqual(missing);
  });
});

function giveTo({ uid, gid }: Account, folder: string): void {
  execFileSync('chown', ['-R', `${uid}:${gid}`, folder]);
}

/** Commands of root's in a mount namespace of its own, before the one that follows. */
function inShell(...commands: string[]): Circumstances {
  return ['unshare', '--mount', '/bin/sh', '-c', `${commands.join(' && ')} && exec "$@"`, 'sh'];
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
