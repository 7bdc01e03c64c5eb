import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, cpSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { locateBinaries } from '../../../local/postgres/binaries.ts';
import type { Circumstances } from './circumstances.ts';

const LAUNCHER = fileURLToPath(new URL('../../../local/postgres/postgres.ts', import.meta.url));
/** Starts PostgreSQL, says where or why not, and stops it at the end of its input. */
const PROGRAM = `
const [launcher, folder, native] = process.argv.slice(1);
const { startPostgres } = await import(launcher);
try {
  const postgres = await startPostgres({ folder, native });
  console.log(postgres.url);
  process.stdin.once('end', () => postgres.stop()).resume();
} catch (error) {
  console.log(error.message);
}
`;

/** A folder of mode 0700, on a path with blanks, and in it a package of PostgreSQL's that only its owner may read. */
export class ClosedFolder {
  readonly #scratch = mkdtempSync(join(tmpdir(), 'surehook-launch-'));
  /** For the data of PostgreSQL. */
  readonly folder: string;
  readonly native: string;
  readonly path: string;

  constructor() {
    this.path = join(this.#scratch, 'a closed folder');
    this.folder = join(this.path, 'data', 'postgres');
    this.native = join(this.path, 'package', 'native');
    mkdirSync(this.native, { recursive: true, mode: 0o700 });
    const installed = locateBinaries(join(this.path, 'lib')).native;
    cpSync(installed, this.native, { recursive: true, mode: constants.COPYFILE_FICLONE, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'go=', this.path]);
    mkdirSync(this.onlySetpriv);
    const setpriv = spawnSync('/bin/sh', ['-c', 'command -v setpriv'], { encoding: 'utf8' }).stdout.trim();
    if (setpriv !== '') symlinkSync(setpriv, join(this.onlySetpriv, 'setpriv'));
  }

  /** A folder for a PATH without any other program. */
  get onlySetpriv(): string {
    return join(this.path, 'bin');
  }

  /** Removes the links that are made at the first start. */
  removeLinks(): void {
    spawnSync('find', [this.native, '-type', 'l', '-delete']);
  }

  removeData(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  remove(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  /** Where the programs were copied to, if they were. */
  copyOfPrograms(): string | undefined {
    const note = join(this.folder, 'programs');
    return lstatSync(note, { throwIfNoEntry: false }) === undefined ? undefined : readlinkSync(note);
  }

  start(circumstances: Circumstances): Promise<LaunchedPostgres> {
    return LaunchedPostgres.start(circumstances, this);
  }
}

/** PostgreSQL started by another process in its own circumstances. */
export class LaunchedPostgres {
  /** Its url, or one line or more that tell why it did not start. */
  readonly said: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(said: string, child: ChildProcess, exited: Promise<unknown>) {
    this.said = said;
    this.#child = child;
    this.#exited = exited;
  }

  static async start(
    circumstances: Circumstances,
    { folder, native, onlySetpriv }: ClosedFolder,
  ): Promise<LaunchedPostgres> {
    const node = [process.execPath, '--input-type=module', '--eval', PROGRAM, LAUNCHER, folder, native];
    const [command = process.execPath, ...words] = [...circumstances, ...node];
    const child = spawn(command, words, {
      env: { ...process.env, ONLY_SETPRIV: onlySetpriv },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    const url = new Promise<string>((resolve) => {
      reader.on('line', (line) => {
        lines.push(line);
        if (line.startsWith('postgresql://')) resolve(line);
      });
    });
    const ended = once(reader, 'close').then(() => lines.join('\n'));
    return new LaunchedPostgres(await Promise.race([url, ended]), child, exited);
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
