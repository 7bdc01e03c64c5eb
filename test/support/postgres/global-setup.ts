import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Postgres, startPostgres } from '../../../local/postgres/postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A socket that answers, to whoever connects, the url of this run's PostgreSQL server, or `error: …`. */
    postgresSocket: string;
  }
}

/** For a server whose data nobody will miss, and which all test files of a run share. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  // It would wake up in databases that are copied and dropped in these very seconds.
  autovacuum: 'off',
};

/** One PostgreSQL server for a run of the tests, started when the first test file asks for a database. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-test-'));
  // Run as root, the tests' PostgreSQL is somebody else, who must get through here.
  chmodSync(folder, 0o711);
  let starting: Promise<Postgres> | undefined;
  const socket = join(folder, 'ask');
  const server = createServer((client) => {
    client.on('error', () => undefined);
    starting ??= startPostgres({ folder: join(folder, 'postgres'), settings: SETTINGS });
    starting.then(
      (postgres) => client.end(postgres.url),
      (error: unknown) => client.end(`error: ${String(error)}`),
    );
  });
  await listen(server, socket);
  project.provide('postgresSocket', socket);
  return async () => {
    server.close();
    const postgres = await starting?.catch(() => undefined);
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}
