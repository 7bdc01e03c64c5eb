import { createHash, randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StartError } from '../start-error.ts';
import { dataDirFault, shownPath, systemCode } from './start-fault.ts';

/** PostgreSQL allows paths of fewer than 1,024 bytes (MAXPGPATH), including those of its files below the folder. */
const MAX_PATH_BYTES = 900;

/** The folder of all state, locked by this process until it ends, however it ends. */
export type DataFolder = { path: string; release(): void };

/**
 * Makes the folder, checks that it can be written and locks it. The lock is a bound socket: the kernel frees it with the
 * process, so that no file of a killed process ever blocks a start. Throws StartError.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw new StartError(
      `DATA_DIR ${shownPath(path)} cannot be written: its path has ${bytes} bytes, and PostgreSQL allows at most ${MAX_PATH_BYTES}. Choose another with DATA_DIR=…`,
    );
  }
  try {
    makeFolder(path);
    // With the slash, a file in its place is reported as such (ENOTDIR).
    accessSync(`${path}/`, constants.W_OK | constants.X_OK);
    // For root, access rights say nothing about a read-only file system.
    const probe = join(path, `.writable-${randomUUID()}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (cause) {
    throw new StartError(dataDirFault(path, systemCode(cause) ?? 'unknown'), { cause });
  }
  const lock = await bindLock(path);
  return { path, release: () => lock.close() };
}

/** One folder after the other: Node's own `recursive` never ends if the system keeps saying ENOENT, as below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  mkdirSync(path, { mode: 0o700 });
}

async function bindLock(path: string): Promise<Server> {
  const server = createServer((client) => client.end());
  const address = lockAddress(path);
  const inUse = new StartError(
    `DATA_DIR ${shownPath(path)} is in use by another start: stop it, or choose another with DATA_DIR=…`,
  );
  for (let tries = 0; ; tries++) {
    try {
      await listen(server, address);
      server.unref();
      return server;
    } catch (cause) {
      if (systemCode(cause) !== 'EADDRINUSE' || tries > 0 || address.startsWith('\0')) throw inUse;
      // A socket file outlives its process; if nobody answers on it, it is left over.
      if (await isAnswered(address)) throw inUse;
      rmSync(address, { force: true });
    }
  }
}

/** By device and inode, so that two names of one folder share one lock. Linux has sockets without a file. */
function lockAddress(path: string): string {
  const { dev, ino } = statSync(realpathSync(path));
  const name = `surehook-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 24)}`;
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.lock`);
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(address);
    client.once('connect', () => {
      client.destroy();
      resolve(true);
    });
    client.once('error', () => resolve(false));
  });
}
