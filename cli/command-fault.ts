/** Why a command ends without having done what it was asked to: one clear line for whoever typed it. */
export class CommandFault extends Error {
  override readonly name = 'CommandFault';
  readonly exitCode: 1 | 2;

  private constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }

  /** It was asked for the right way, and failed. */
  static failed(message: string, options?: ErrorOptions): CommandFault {
    return new CommandFault(1, message, options);
  }

  /** It was asked for the wrong way. */
  static wrongUsage(message: string): CommandFault {
    return new CommandFault(2, message);
  }
}
