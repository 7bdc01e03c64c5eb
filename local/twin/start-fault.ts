import { relative } from 'node:path';
import { MalformedSettings } from '../../shared/settings.ts';
import { StartError } from '../start-error.ts';

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'you have no access to it or to a folder above it, which may belong to another user',
  EEXIST: 'a link there leads nowhere',
  EISDIR: 'there is a folder where a file should be',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its path is too long',
  ENOENT: 'the file system allows no folder there',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a file is in the way',
  EPERM: 'it belongs to another user',
  EROFS: 'the file system is read-only',
};
/** Longest path in a message, characters. */
const SHOWN_CHARACTERS = 200;

/**
 * What `npm start` says if it cannot start: one line if the settings, the machine or the folder are at fault, a stack trace if
 * Surehook is.
 */
export function startFault(error: unknown, dataDir: string): string {
  if (error instanceof StartError || error instanceof MalformedSettings) return error.message;
  if (!(error instanceof Error)) return 'could not start: unknown';
  const code = systemCode(error);
  if (code === undefined) return `could not start: ${error.stack ?? error.message}`;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  if (path === undefined || relative(dataDir, path).startsWith('..')) return `could not start: ${error.message}`;
  return dataDirFault(path, code);
}

/** @param path of DATA_DIR, or of what in it cannot be written */
export function dataDirFault(path: string, code: string): string {
  const why = WHY[code] === undefined ? code : `${WHY[code]} (${code})`;
  return `DATA_DIR ${shownPath(path)} cannot be written: ${why}. Choose another with DATA_DIR=…`;
}

export function shownPath(path: string): string {
  return path.length <= SHOWN_CHARACTERS ? path : `${path.slice(0, SHOWN_CHARACTERS)}…`;
}

/** For example `EACCES`; only for an error of the operating system. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
