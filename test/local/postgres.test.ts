// Real: PostgreSQL's own programs on folders of this suite's own, real processes and signals. Doubles: none, but a clock that
// runs ahead where giving up is tested. Never asserted: how long anything takes.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { locateBinaries } from '../../local/postgres/binaries.ts';
import { type Postgres, startPostgres } from '../../local/postgres/postgres.ts';

const launcher = fileURLToPath(new URL('../../local/postgres/postgres.ts', import.meta.url));
let scratch: string;
let folder: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'surehook-pg-'));
  folder = join(scratch, 'a', 'postgres');
  // Closed to others, as a project below /root is.
  mkdirSync(join(scratch, 'a'), { mode: 0o700 });
  const postgres = await startPostgres({ folder, database: 'app' });
  await postgres.stop();
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const pidFile = (): string => join(folder, 'cluster', 'data', 'postmaster.pid');
const serverPid = (): number => Number.parseInt(readFileSync(pidFile(), 'utf8'), 10);

async function started<Result>(work: (postgres: Postgres) => Promise<Result>): Promise<Result> {
  const postgres = await startPostgres({ folder, database: 'app' });
  try {
    return await work(postgres);
  } finally {
    await postgres.stop();
  }
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

describe('a PostgreSQL folder', () => {
  it('keeps what was committed when its server is killed with SIGKILL', async () => {
    const postgres = await startPostgres({ folder, database: 'app' });
    await query(postgres.url, 'create table kept as select 42 as answer');
    process.kill(serverPid(), 'SIGKILL');
    expect(await postgres.exited).toEqual({ code: null, signal: 'SIGKILL' });

    expect(await started(({ url }) => query(url, 'select answer from kept'))).toEqual([{ answer: 42 }]);
  });

  it('is as safe and as strict as the deployed database: fsync on, UTC, and a role that owns it but is no superuser', async () => {
    const rows = await started(({ url }) =>
      query(
        url,
        `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
           current_setting('timezone') as zone, current_setting('is_superuser') as superuser,
           pg_get_userbyid(datdba) = current_user as owner, current_setting('server_version_num')::int / 10000 as major
         from pg_database where datname = current_database()`,
      ),
    );
    expect(rows).toEqual([{ fsync: 'on', commit: 'on', zone: 'UTC', superuser: 'off', owner: true, major: 17 }]);
  });

  it('starts although a program that is no PostgreSQL has got the pid in its lock file', async () => {
    writeFileSync(pidFile(), `${process.pid}\n${join(folder, 'cluster', 'data')}\n`);
    expect(await started(({ url }) => query(url, 'select 1 as one'))).toEqual([{ one: 1 }]);
  });

  it('removes what a start killed during initdb left behind', async () => {
    const leftover = join(folder, 'cluster.0badcafe.tmp');
    mkdirSync(join(leftover, 'data'), { recursive: true });
    await started(async () => undefined);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('lets nobody in without the password', async () => {
    await started(async ({ url }) => {
      const wrong = new URL(url);
      wrong.password = 'guessed';
      await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    });
  });

  it('says in one line why it cannot start, with what PostgreSQL said last', async () => {
    const broken = join(scratch, 'broken');
    mkdirSync(join(broken, 'cluster', 'data'), { recursive: true });
    writeFileSync(join(broken, 'cluster', 'data', 'PG_VERSION'), '17\n');
    writeFileSync(join(broken, 'cluster', 'password'), 'x');
    const failure: unknown = await startPostgres({ folder: broken }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'POSTGRES_DID_NOT_START' });
    expect(String(failure)).toMatch(/^PostgresStartError: PostgreSQL did not start: .+$/);
  });

  it('gives up on a folder that stays in use', async () => {
    await started(async () => {
      let nowMs = 0;
      const timers = { nowMs: () => ((nowMs += 5_000) % 5_001 === 0 ? 0 : nowMs * 4) };
      await expect(startPostgres({ folder, database: 'app', timers })).rejects.toThrow(/lock file .* already exists/);
    });
  });
});

describe('a server whose parent is killed', () => {
  it('ends, also when the whole process group is killed, and the folder opens again at once', async () => {
    const parent = spawnParent();
    const url = await firstLine(parent);
    const client = new Client({ connectionString: url });
    await client.connect();
    const lost = new Promise<void>((resolve) => client.once('error', () => resolve()));
    // A backend that is busy holds on to the folder longest.
    client.query('select pg_sleep(600)').catch(() => undefined);

    if (parent.pid !== undefined) process.kill(-parent.pid, 'SIGKILL');

    expect(await started(({ url: next }) => query(next, 'select 1 as one'))).toEqual([{ one: 1 }]);
    await lost;
  });

  it('has been ended by its watchdog when the parent ends without stopping it', async () => {
    const parent = spawnParent();
    const client = new Client({ connectionString: await firstLine(parent) });
    await client.connect();
    const lost = new Promise<void>((resolve) => client.once('error', () => resolve()));
    parent.kill('SIGKILL');
    await expect(lost).resolves.toBeUndefined();
  });
});

describe('the installed binaries', () => {
  it('get their library links in a folder of our own when the package cannot hold them', () => {
    const native = join(scratch, 'package', 'native');
    mkdirSync(native, { recursive: true });
    const links = [{ source: 'native/lib/libicuuc.so.60.2', target: 'native/lib/libicuuc.so.60' }];
    writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
    // What links point to is made afterwards: without the folder lib nothing can be linked there, whoever runs this.
    const own = join(scratch, 'own-lib');
    const { environment } = locateBinaries(own, native);
    mkdirSync(join(native, 'lib'));
    writeFileSync(join(native, 'lib', 'libicuuc.so.60.2'), 'the library');

    expect(readFileSync(join(own, 'libicuuc.so.60'), 'utf8')).toBe('the library');
    expect(Object.values(environment)).toEqual([`${own}:${join(native, 'lib')}`]);
  });

  it('are linked in the package itself where that is possible, also by two starts at once', () => {
    const native = join(scratch, 'writable', 'native');
    mkdirSync(join(native, 'lib'), { recursive: true });
    writeFileSync(join(native, 'lib', 'libicuuc.so.60.2'), 'the library');
    const links = [{ source: 'native/lib/libicuuc.so.60.2', target: 'native/lib/libicuuc.so.60' }];
    writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));

    expect(locateBinaries(join(scratch, 'unused'), native).environment).toEqual({});
    expect(locateBinaries(join(scratch, 'unused'), native).environment).toEqual({});
    expect(readFileSync(join(native, 'lib', 'libicuuc.so.60'), 'utf8')).toBe('the library');
    expect(existsSync(join(scratch, 'unused'))).toBe(false);
  });
});

/** Another Node process, leader of its own group, that starts the server and prints its url. */
function spawnParent(): ChildProcess {
  const program = `import { startPostgres } from ${JSON.stringify(launcher)};
    const postgres = await startPostgres({ folder: ${JSON.stringify(folder)}, database: 'app' });
    console.log(postgres.url);`;
  return spawn(process.execPath, ['--input-type=module', '--eval', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  return await new Promise((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('exit', (code) => reject(new Error(`ended with ${code} before a line`)));
  });
}
