/** Why `npm start` ends at once: one clear line for the person who typed it. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code = 'start_error';
}
