import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { StartError } from '../../start-error.ts';
import type { Secret } from './secret.ts';

const secretSchema = z.object({
  name: z.string(),
  arn: z.string(),
  description: z.optional(z.string()),
  kmsKeyId: z.optional(z.string()),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  createdAtMs: z.number(),
  changedAtMs: z.number(),
  deletionAtMs: z.optional(z.number()),
  versions: z.array(
    z.object({
      id: z.string(),
      value: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('string'), text: z.string() }),
        z.object({ kind: z.literal('binary'), base64: z.string() }),
      ]),
      stages: z.array(z.string()),
      createdAtMs: z.number(),
    }),
  ),
});
const fileSchema = z.object({ format: z.literal(1), secrets: z.array(secretSchema) });

/** The file of secrets cannot be used; names the file, never its contents. */
class SecretsFileError extends StartError {
  override readonly name = 'SecretsFileError';
  override readonly code: 'damaged' | 'unreadable';

  constructor(code: 'damaged' | 'unreadable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The secrets in `file`, none if there is no such file. Throws SecretsFileError. */
export function readSecretsFile(file: string): Secret[] {
  let json: string;
  try {
    json = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new SecretsFileError('unreadable', `The file of secrets cannot be read${why}: ${file}`, { cause });
  }
  const parsed = fileSchema.safeParse(parseJson(json));
  if (!parsed.success) {
    // Without a cause: the messages of JSON.parse quote the text they cannot parse.
    throw new SecretsFileError(
      'damaged',
      `The file of secrets is damaged: ${file}. Put back a good copy, or remove it and create the secrets again.`,
    );
  }
  return parsed.data.secrets;
}

/**
 * Replaces `file` so that a crash at any moment leaves the old or the new one, whole; readable by its owner only. When
 * it returns, the new one survives a power failure. It blocks for that fsync: secrets change rarely, and in order.
 */
export function writeSecretsFile(file: string, secrets: readonly Secret[]): void {
  const draft = `${file}.new`;
  const descriptor = openSync(draft, 'w', 0o600);
  try {
    // The mode above counts only for a file that open has made, not for one a crash has left.
    fchmodSync(descriptor, 0o600);
    writeFileSync(descriptor, JSON.stringify({ format: 1, secrets }, undefined, 2));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
  syncFolder(dirname(file));
}

/** A rename is durable once its folder is. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
