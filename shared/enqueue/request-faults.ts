import { MAX_ERROR_MESSAGE_CHARACTERS, MAX_REPORTED_FAULTS, MAX_REPORTED_NAME_CHARACTERS } from '../runtime/limits.ts';
import { printableName } from '../runtime/printable-name.ts';

/** Errors of a request that can never succeed, as far as the request alone shows them. */
export type RequestErrorType = 'InvalidRequest' | 'PayloadTooLarge';

export type PathSegment = string | number;

const MAX_PATH_CHARACTERS = 4 * MAX_REPORTED_NAME_CHARACTERS;

/**
 * Everything wrong with one request, each with its JSON path. Keeps the first 20 and counts the rest, so that a request
 * of a million faults costs no memory. Messages are words of ours: no value of the request belongs into one.
 */
export class RequestFaults {
  #first: { path: string; message: string }[] = [];
  #count = 0;
  #errorType: RequestErrorType = 'PayloadTooLarge';

  /** `path` is clipped to a readable length; the empty path stands for the request itself. */
  add(path: string, message: string, errorType: RequestErrorType = 'InvalidRequest'): void {
    this.#count++;
    if (errorType === 'InvalidRequest') this.#errorType = errorType;
    if (this.#count > MAX_REPORTED_FAULTS) return;
    this.#first.push({ path: clipMiddle(path, MAX_PATH_CHARACTERS), message });
  }

  /** True when a further path need not be worked out: only the number of faults still matters. */
  get full(): boolean {
    return this.#count >= MAX_REPORTED_FAULTS;
  }

  get count(): number {
    return this.#count;
  }

  /** `PayloadTooLarge` only when size is all that is wrong: with any other fault the request is invalid first. */
  get errorType(): RequestErrorType {
    return this.#count === 0 ? 'InvalidRequest' : this.#errorType;
  }

  /** One line of at most 4,000 characters. Paths are below `at`, for example `deliveries[3]`. */
  message(at = ''): string {
    const lines = this.#first.map(({ path, message }) => {
      const where = [at, path].filter((part) => part !== '').join('.');
      return where === '' ? message : `${where}: ${message}`;
    });
    const more = this.#count - lines.length;
    if (more > 0) lines.push(`and ${more} more`);
    return clipMiddle(lines.join('; '), MAX_ERROR_MESSAGE_CHARACTERS);
  }
}

/** A JSON path as people write it: `payload.items[3].id`, and `payload["odd name"]` where a name is no plain word. */
export function jsonPath(segments: readonly PathSegment[]): string {
  let path = '';
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`;
    else if (/^[A-Za-z_$][\w$-]{0,63}$/.test(segment)) path += path === '' ? segment : `.${segment}`;
    else path += path === '' ? printableName(segment) : `["${printableName(segment)}"]`;
  }
  return path;
}

function clipMiddle(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const half = Math.floor(maxCharacters / 2) - 1;
  return `${text.slice(0, half)}…${text.slice(-half)}`.toWellFormed();
}
