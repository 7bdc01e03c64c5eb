import { StartError } from '../start-error.ts';

/** PostgreSQL could not be started. The message is one line that ends in what PostgreSQL itself said last. */
export class PostgresStartError extends StartError {
  override readonly name = 'PostgresStartError';
  override readonly code = 'POSTGRES_DID_NOT_START';

  constructor(what: string, said = '', cause?: unknown) {
    super(said === '' ? what : `${what}: ${said}`, { cause });
  }
}
