import * as z from 'zod/mini';
import { LISTED_PHASES, type ListedPhase, type ListFilter } from './inspect-store.ts';
import type { Members } from './read-request.ts';
import { optional, says, uuid } from './selection-schema.ts';
import type { Selection } from './selection.ts';

const PENDING_ONLY = 'phase, held_by and order: are for status pending';
const DEAD_ONLY = 'standing: is for status dead_letter';

/** Members of a list beside its selection. */
export const listMembers = {
  phase: optional(z.enum(LISTED_PHASES, says(`must be one of ${LISTED_PHASES.join(', ')}`))),
  held_by: optional(uuid),
  standing: optional(z.boolean(says('must be true or false'))),
  order: optional(z.literal('due', says('must be due: pending ones by their due time, the soonest first'))),
};

type Read = { ok: true; filter: ListFilter; soonestFirst: boolean } | { ok: false; errorMessage: string };

/** Reads the members of a list that has passed its schema. What is asked of a status that has no such thing is refused. */
export function readListFilter(members: Members, { status }: Selection): Read {
  // Each member that is present has passed its rule.
  const given = members as Partial<{ phase: ListedPhase; held_by: string; standing: boolean; order: 'due' }>;
  const { phase, held_by: heldBy, standing = false, order } = given;
  const isOfPending = [phase, heldBy, order].some((one) => one !== undefined);
  const faults = [
    ...(isOfPending && status !== 'pending' ? [PENDING_ONLY] : []),
    ...(standing && status !== 'dead_letter' ? [DEAD_ONLY] : []),
  ];
  if (faults.length > 0) return { ok: false, errorMessage: faults.join('; ') };
  return { ok: true, filter: { phase, heldBy: heldBy?.toLowerCase(), standing }, soonestFirst: isOfPending };
}
