import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '../start-error.ts';
import { isWholeAssembly, sealAssembly } from './kept-assembly.ts';

export const STACK_NAME = 'WebhookDelivery';

/** Earlier versions kept assemblies without a seal. */
const SEALED = 'sealed';
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE_APP = join(PROJECT, 'infra', 'local-app.ts');
/** In a clone the app's source. In the installed package it is compiled, and the settings are those of the app around it. */
const APP = existsSync(SOURCE_APP)
  ? { file: SOURCE_APP, cwd: PROJECT }
  : { file: join(PROJECT, 'infra', 'local-app.mjs'), cwd: process.cwd() };
/** Everything that a template and its bundles are made from. */
const INPUTS = ['infra', 'functions', 'shared', 'sql', 'package-lock.json', 'package.json', 'cdk.json'];
const SETTINGS_FILE = 'surehook.settings.ts';

/**
 * Synthesizes the stack with these settings and returns the assembly's folder. An earlier assembly from exactly the same inputs
 * is used if it is intact, because synthesis takes seconds. Throws StartError with synth's own message.
 */
export async function synthesize(dataDir: string, settings: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(dataDir, `assembly-${hashOfInputs(settings)}`);
  if (existsSync(folder)) {
    if (isWholeAssembly(folder)) return folder;
    rmSync(folder, { recursive: true });
  }
  // A unique name: the synthesis of a killed start may still run for seconds.
  const making = join(dataDir, `assembly-${process.pid}.making`);
  // Closed to others before anything is in it: anyone who can write to a bundle can run code as the user who starts it.
  mkdirSync(making, { mode: 0o700 });
  await runSynth(making, settings);
  sealAssembly(making);
  for (const old of readdirSync(dataDir).filter((name) => name.startsWith('assembly-'))) {
    if (join(dataDir, old) !== making) removeOutdated(join(dataDir, old));
  }
  // The final name is given last: an interrupted assembly does not get it.
  renameSync(making, folder);
  return folder;
}

function removeOutdated(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another process still writes there; the next synthesis tries again.
  }
}

function runSynth(outputFolder: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(process.execPath, [APP.file], {
    cwd: APP.cwd,
    env: { ...withoutSettings(process.env), ...settings, CDK_OUTDIR: outputFolder, CDK_DISABLE_CLI_TELEMETRY: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('close', () => process.off('exit', end));
  const said: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new StartError(`synthesis could not be started: ${cause.message}`, { cause })),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else if (signal !== null) reject(new StartError(`synthesis was ended by ${signal}`));
      else reject(new StartError(`synthesis failed:\n${said.join('').trim()}`));
    });
  });
}

/** A setting that the start left out must not reach synth through the environment. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !/^(WEBHOOK_|EGRESS_|CREDENTIAL_PREFIX|REGISTER_UNKNOWN)/.test(name),
    ),
  );
}

function hashOfInputs(settings: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256').update(JSON.stringify([process.version, SEALED, Object.entries(settings).sort()]));
  for (const input of INPUTS) hashPath(join(PROJECT, input), hash);
  hashPath(resolve(PROJECT, process.env['SUREHOOK_SETTINGS'] ?? SETTINGS_FILE), hash);
  return hash.digest('hex').slice(0, 24);
}

function hashPath(path: string, hash: ReturnType<typeof createHash>): void {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).sort()) hashPath(join(path, name), hash);
    return;
  }
  const content = readFileSync(path);
  hash.update(`${path.slice(PROJECT.length)}\0${content.byteLength}\0`).update(content);
}
