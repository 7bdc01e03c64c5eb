/** The errors of Secrets Manager that this endpoint gives; ValidationException comes from the framework below it. */
export type SecretsErrorName =
  | 'InvalidNextTokenException'
  | 'InvalidParameterException'
  | 'InvalidRequestException'
  | 'ResourceExistsException'
  | 'ResourceNotFoundException'
  | 'UnknownOperationException'
  | 'ValidationException';

/** A refusal in Secrets Manager's own words. Never holds a secret's value. */
export class SecretsError extends Error {
  readonly type: SecretsErrorName;

  constructor(type: SecretsErrorName, message: string) {
    super(message);
    this.name = 'SecretsError';
    this.type = type;
  }
}

export function notFound(what = 'secret'): SecretsError {
  return new SecretsError('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}.`);
}
