import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ExampleProcess } from '../support/stack/example-process.ts';

const execute = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));
const { devDependencies, peerDependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

/** The versions that this project is made with. */
export const VERSIONS = devDependencies;
export const PEERS = Object.keys(peerDependencies);

/** What npm says of a tarball. */
type Packed = { filename: string; size: number; unpackedSize: number; files: { path: string }[] };

export type Ran = { stdout: string; stderr: string };

/** The package, packed once, and apps of other people that install it. */
export class PackageWorld {
  readonly folder: string;
  /** Path of the tarball. */
  readonly tarball: string;
  /** Every file in it, without the leading `package/`. */
  readonly files: readonly string[];
  readonly sizes: { packed: number; unpacked: number };

  private constructor(packed: Packed, folder: string) {
    this.folder = folder;
    this.tarball = join(folder, packed.filename);
    this.files = packed.files.map(({ path }) => path);
    this.sizes = { packed: packed.size, unpacked: packed.unpackedSize };
  }

  static async pack(): Promise<PackageWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'surehook-package-'));
    // As on a machine whose files are closed to others.
    const pack = `umask 027 && npm pack --json --pack-destination ${folder}`;
    const { stdout } = await execute('bash', ['-c', pack], { cwd: project, env: plainEnvironment() });
    const told: unknown = JSON.parse(stdout);
    const [packed] = Object.values(told as Record<string, Packed>);
    if (packed === undefined) throw new Error('npm pack told nothing');
    return new PackageWorld(packed, folder);
  }

  /** An app with these files, and the package and others installed. */
  async app(
    name: string,
    files: Readonly<Record<string, string>>,
    packages: readonly string[] = [],
  ): Promise<OtherApp> {
    const app = this.emptyApp(name);
    app.write(files);
    await app.install(this.tarball, ...packages);
    return app;
  }

  emptyApp(name: string): OtherApp {
    return new OtherApp(join(this.folder, name));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An app in a folder of its own, which knows nothing of this project. */
export class OtherApp {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
  }

  async install(...packages: string[]): Promise<void> {
    await this.run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages]);
  }

  /** Throws with what the command said. */
  async run(command: string, args: readonly string[]): Promise<Ran> {
    try {
      return await execute(command, args, { cwd: this.folder, env: plainEnvironment(), maxBuffer: 64 * 1024 * 1024 });
    } catch (error) {
      const { stdout = '', stderr = '' } = error as Partial<Ran>;
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
    }
  }

  /** A program that goes on until it is disposed of. */
  start(words: readonly string[], env: NodeJS.ProcessEnv): ExampleProcess {
    return new ExampleProcess(words, { ...plainEnvironment(), ...env }, this.folder);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** Files below a folder, with their modes in octal. */
  modes(path: string): Record<string, string> {
    const below = readdirSync(join(this.folder, path), { recursive: true, withFileTypes: true });
    const files = below.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return Object.fromEntries(files.map((file) => [file, (statSync(file).mode & 0o777).toString(8)]));
  }
}

/** As in a shell of its own: what npm tells the script that it runs would lead a nested npm astray. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_(?!config_)|^npm_config_local_prefix$/i.test(name));
  return { ...Object.fromEntries(own), CDK_DISABLE_CLI_TELEMETRY: 'true', NO_UPDATE_NOTIFIER: 'true' };
}
