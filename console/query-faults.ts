import type { Fault, Told } from './invoke-function.ts';

/**
 * What the names of a query string or form have wrong. A name that is passed over would choose more than its writer meant.
 *
 * @param several names that may be given more than once
 */
export function nameFaults(
  fields: URLSearchParams,
  known: readonly string[],
  several: readonly string[] = [],
): readonly string[] {
  return [...new Set(fields.keys())].flatMap((name) => {
    if (!known.includes(name)) return [`${name.slice(0, 60)}: there is no such field; there are ${known.join(', ')}`];
    const given = fields.getAll(name).filter((value) => value.trim() !== '');
    return given.length > 1 && !several.includes(name) ? [`${name}: is given ${given.length} times`] : [];
  });
}

/** A form that cannot be understood, as the function would refuse it. */
export function refusedAs(faults: readonly string[]): { ok: false } & Fault {
  return { ok: false, errorType: 'InvalidRequest', errorMessage: `${faults.join('; ')}. Nothing was done.` };
}

/** What is told of an address that cannot be understood: nothing was asked for. */
export function notUnderstood(faults: readonly string[]): Extract<Told<never>, { ok: false }> {
  return {
    ok: false,
    fault: { errorType: 'InvalidRequest', errorMessage: `${faults.join('; ')}. Nothing was looked up.` },
  };
}
