import { CLAIMING } from './claim.ts';
import type { Mutations } from './mutation.ts';
import { QUEUE } from './queue.ts';

/** Of every row and every promise. */
export const MUTATIONS: Mutations = { ...QUEUE, ...CLAIMING };
