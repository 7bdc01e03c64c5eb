import { MAX_ERROR_MESSAGE_CHARACTERS, MAX_REPORTED_FAULTS, MAX_REPORTED_NAME_CHARACTERS } from '../runtime/limits.ts';
import { printableName } from '../runtime/printable-name.ts';

/** The errors, visible from the request alone, of a request that can never succeed. */
export type RequestErrorType = 'InvalidRequest' | 'PayloadTooLarge';

export type PathSegment = string | number;

/** Whether a path begins at the delivery, or at the request, whose members all its deliveries share. */
export type FaultPlace = 'delivery' | 'request';

const MAX_PATH_CHARACTERS = 4 * MAX_REPORTED_NAME_CHARACTERS;

/**
 * Everything that is wrong with one request, each fault with its JSON path. Keeps the first 20 and counts the rest, so that a
 * request with a million faults costs no memory. Messages are fixed words and must not hold a value of the request.
 */
export class RequestFaults {
  readonly #at: string;
  #first: { path: string; message: string }[] = [];
  #count = 0;
  #errorType: RequestErrorType = 'PayloadTooLarge';

  /** @param at the delivery's own path, for example `deliveries[3]`; empty where it is the request itself */
  constructor(at = '') {
    this.#at = at;
  }

  /** `path` is clipped to a readable length. The empty path is the request or delivery itself. */
  add(
    path: string,
    message: string,
    { errorType = 'InvalidRequest', place = 'delivery' }: { errorType?: RequestErrorType; place?: FaultPlace } = {},
  ): void {
    this.#count++;
    if (errorType === 'InvalidRequest') this.#errorType = errorType;
    if (this.#count > MAX_REPORTED_FAULTS) return;
    const below = clipMiddle(path, MAX_PATH_CHARACTERS);
    const at = place === 'delivery' ? this.#at : '';
    this.#first.push({ path: [at, below].filter((part) => part !== '').join('.'), message });
  }

  /** True when further paths need not be worked out, because only the number of faults still matters. */
  get full(): boolean {
    return this.#count >= MAX_REPORTED_FAULTS;
  }

  get count(): number {
    return this.#count;
  }

  /** `PayloadTooLarge` only if nothing but the size is wrong: with any other fault the request is invalid. */
  get errorType(): RequestErrorType {
    return this.#count === 0 ? 'InvalidRequest' : this.#errorType;
  }

  /** One line of at most 4,000 characters. */
  get message(): string {
    const lines = this.#first.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    const more = this.#count - lines.length;
    if (more > 0) lines.push(`and ${more} more`);
    return clipMiddle(lines.join('; '), MAX_ERROR_MESSAGE_CHARACTERS);
  }
}

/** A JSON path as people write it: `payload.items[3].id`, or `payload["odd name"]` if a name is not a plain word. */
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
