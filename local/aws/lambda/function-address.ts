/** What the path of an Invoke names. */
export type FunctionAddress = { name: string; qualifier: string | undefined };

const ADDRESS =
  /^(?:arn:aws[a-z-]*:lambda:)?(?:[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d:)?(?:\d{12}:)?(?:function:)?([\w.-]+)(?::(\$LATEST|[\w-]+))?$/;

/** Reads a function's name, partial ARN (`000000000000:function:name`) or ARN, each with or without a qualifier. */
export function functionAddress(text: string): FunctionAddress | undefined {
  const [, name, qualifier] = ADDRESS.exec(text) ?? [];
  return name === undefined ? undefined : { name, qualifier };
}

/**
 * The version an invocation runs: the local twin only has the unpublished code, which it runs for every version number, and
 * for every alias as the first version.
 */
export function executedVersion(qualifier: string | undefined, aliases: readonly string[]): string | undefined {
  if (qualifier === undefined || qualifier === '$LATEST') return '$LATEST';
  if (aliases.includes(qualifier)) return '1';
  return /^\d+$/.test(qualifier) ? qualifier : undefined;
}
