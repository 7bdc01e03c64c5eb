import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'vitest';
import { parseCredential } from '../../shared/credentials/credentials.ts';
import { parseOperateRequest } from '../../shared/operate/operate-request.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const PACKAGE: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text ?? '');
}

/** The README's command, pointed at this stack's port and folder instead of the default ones. */
async function run(command: string, stack: RunningStack): Promise<string> {
  const here = command
    .replaceAll('http://127.0.0.1:4566', stack.endpoints.aws)
    .replaceAll('.surehook/', `${stack.dataDir}/`);
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const { stdout } = await promisify(execFile)('sh', ['-c', here], { env: { ...process.env, PATH: path } });
  return stdout;
}

function signsForAws(): boolean {
  return spawnSync('curl', ['--help', 'all'], { encoding: 'utf8' }).stdout?.includes('--aws-sigv4') === true;
}

export function describeReadme(stackOf: () => RunningStack): void {
  describe.concurrent('the README', () => {
    // Only a machine without curl, or with one from before 2021, is excused.
    it.skipIf(!signsForAws()).for([
      ['a first webhook, which arrives at once', '"first"', 1],
      ['a second one, which fails once and arrives', '"second"', 2],
    ] as const)('prints a command that enqueues %s', async ([, node, attempts], { expect }) => {
      const stack = stackOf();
      const curl = blocks('sh').find((block) => block.includes('--aws-sigv4') && block.includes(node)) ?? '';
      const answer: { delivery_id: number; created: boolean } = JSON.parse(await run(curl, stack));
      expect(answer.created).toBe(true);
      expect(await stack.over(answer.delivery_id)).toMatchObject({ status: 'succeeded', attempt_count: attempts });
    });

    it('prints a command that names the enqueue function', async ({ expect }) => {
      const stack = stackOf();
      const command = blocks('sh').find((block) => block.startsWith('node -p')) ?? '';
      expect((await run(command, stack)).trim()).toBe(stack.functionName('enqueue'));
    });

    it('names only commands that exist', ({ expect }) => {
      const named = [...README.matchAll(/(?:^|`|&& )npm (?:run (?:--silent )?)?([\w:]+)/gm)].map(
        ([, name]) => name ?? '',
      );
      const missing = named.filter(
        (name) => !['ci', 'install', 'npm'].includes(name) && PACKAGE.scripts[name] === undefined,
      );
      expect(new Set(missing)).toEqual(new Set());
      expect(named.length).toBeGreaterThan(6);
    });

    it('shows a credential that is one', ({ expect }) => {
      const example = blocks('json').find((block) => block.includes('credential_type')) ?? '';
      const filled = example
        .replace('"token":"…"', '"token":"t"')
        .replace('whsec_…', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
      expect(parseCredential(filled, { headerPrefix: 'X-Dograh' })).toMatchObject({ ok: true });
    });

    it('shows a redelivery that is taken', ({ expect }) => {
      const payload = /--payload '(\{"action".*?\})'/.exec(README)?.[1] ?? '';
      expect(parseOperateRequest(JSON.parse(payload))).toMatchObject({ ok: true });
    });
  });
}
