import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Endpoints } from '../../local/twin/endpoints-file.ts';

const AWS_CLI = process.env['AWS_CLI'] ?? '/usr/bin/aws';
const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3';

/** Throws with one sentence for each client that this machine lacks. */
export function clientsOfThisMachine(): { awsVersion: string; boto3Version: string } {
  const aws = spawnSync(AWS_CLI, ['--version'], { encoding: 'utf8' });
  const boto3 = spawnSync(PYTHON, ['-c', 'import boto3; print(boto3.__version__)'], { encoding: 'utf8' });
  const missing = [
    ...(aws.status === 0
      ? []
      : [`${AWS_CLI} is not the AWS CLI: apt-get install awscli, or name another with AWS_CLI=…`]),
    ...(boto3.status === 0
      ? []
      : [`${PYTHON} has no boto3: apt-get install python3-boto3, or name another with PYTHON=…`]),
  ];
  if (missing.length > 0) throw new Error(missing.join('\n'));
  return { awsVersion: /aws-cli\/(\S+)/.exec(aws.stdout)?.[1] ?? '', boto3Version: boto3.stdout.trim() };
}

type Ran = { stdout: string; stderr: string; code: number };

/** A shell as somebody has it who was pointed at a local stack. */
export class ClientShell {
  readonly #folder = mkdtempSync(join(tmpdir(), 'surehook-clients-'));
  readonly #env: NodeJS.ProcessEnv;

  constructor({ aws, region }: Pick<Endpoints, 'aws' | 'region'>) {
    // A CLI from before AWS_ENDPOINT_URL (2.13) needs the option; with it, every command runs as it stands.
    const shim = join(this.#folder, 'aws');
    writeFileSync(shim, `#!/bin/sh\nexec ${AWS_CLI} --endpoint-url ${aws} "$@"\n`);
    chmodSync(shim, 0o755);
    this.#env = {
      PATH: [this.#folder, dirname(process.execPath), process.env['PATH']].join(delimiter),
      HOME: this.#folder,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_DEFAULT_REGION: region,
      AWS_PAGER: '',
      AWS_MAX_ATTEMPTS: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ENDPOINT: aws,
    };
  }

  /** By bash: the documents' commands are typed there. */
  run(script: string): Promise<Ran> {
    // By cat, because Node's pipes are sockets, which `/dev/stdout` cannot open.
    return this.#execute('bash', ['-c', `{\n${script}\n} | cat; exit \${PIPESTATUS[0]}`]);
  }

  /** With `sqs`, `functions` and the like as the program makes them of `client(name)`. */
  python(program: string): Promise<Ran> {
    const preamble =
      'import boto3, json, os\nclient = lambda name: boto3.client(name, endpoint_url=os.environ["ENDPOINT"])\n';
    return this.#execute(PYTHON, ['-c', preamble + program]);
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #execute(program: string, words: readonly string[]): Promise<Ran> {
    const options = { env: this.#env, cwd: this.#folder, maxBuffer: 16 * 1024 * 1024 };
    try {
      return { ...(await promisify(execFile)(program, words, options)), code: 0 };
    } catch (error) {
      const failed = error as { stdout?: string; stderr?: string; code?: number };
      return { stdout: failed.stdout ?? '', stderr: failed.stderr ?? String(error), code: failed.code ?? 1 };
    }
  }
}
