import * as z from 'zod/mini';
import { LISTED_PHASES, type ListedPhase, type ListFilter } from './inspect-store.ts';
import type { Members } from './read-request.ts';
import { optional, says, uuid } from './selection-schema.ts';
import type { Selection } from './selection.ts';

const PENDING_ONLY = 'phase, held_by and order: are for status pending';

/** Members of a list beside its selection. */
export const listMembers = {
  phase: optional(z.enum(LISTED_PHASES, says(`must be one of ${LISTED_PHASES.join(', ')}`))),
  held_by: optional(uuid),
  order: optional(z.literal('due', says('must be due: pending ones by their due time, the soonest first'))),
};

type Read = { ok: true; filter: ListFilter; soonestFirst: boolean } | { ok: false; errorMessage: string };

/** Reads the members of a list that has passed its schema. What is asked of a status that has no such thing is refused. */
export function readListFilter(members: Members, { status }: Selection): Read {
  // Each member that is present has passed its rule.
  const given = members as Partial<{ phase: ListedPhase; held_by: string; order: 'due' }>;
  const { phase, held_by: heldBy, order } = given;
  const isOfPending = [phase, heldBy, order].some((one) => one !== undefined);
  if (isOfPending && status !== 'pending') return { ok: false, errorMessage: PENDING_ONLY };
  return { ok: true, filter: { phase, heldBy: heldBy?.toLowerCase() }, soonestFirst: isOfPending };
}
