/** Why `npm start` ended at once: one clear line for the person who typed it. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
  readonly code: string = 'start_error';
}
