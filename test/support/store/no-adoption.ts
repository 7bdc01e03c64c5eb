import type { AdoptionStore } from '../../../shared/operate/adoption-store.ts';

function none(): never {
  throw new Error('there is no other pipeline here');
}

/** For worlds in which no order moves deliveries between tables. */
export const NO_ADOPTION: AdoptionStore = { lookAtForeign: none, movePage: none };
