import type { DueDelivery } from '../delivery/announce.ts';
import type { ForeignTable, ForeignTypes } from '../runtime/foreign-table.ts';
import type { AdoptionPosition } from './adoption-position.ts';
import type { OrderStep } from './order-store.ts';

/**
 * The table of another pipeline, as an order sees it that takes deliveries over or gives them back. Each page is a step of its
 * order, recorded together with what it changes. A page rejects with RowRefused if the database refuses one of its rows.
 */
export type AdoptionStore = {
  /** Rejects with StatementRefused where there is no such table, or it may not be read. */
  lookAtForeign(table: ForeignTable): Promise<ForeignLook>;
  /** Undefined if the page is no longer this worker's. */
  movePage(page: MovePage): Promise<MovedPage | undefined>;
};

export type ForeignLook = {
  /** Name and type of each column. */
  columns: Readonly<Record<string, string>>;
  rights: readonly string[];
  /** Perhaps a lower bound. */
  pending: number;
};

export type MovePage = {
  table: ForeignTable;
  types: ForeignTypes;
  direction: 'here' | 'back';
  /** Undefined: nothing is changed. */
  step: OrderStep | undefined;
  position: AdoptionPosition;
  pageRows: number;
  /** A pending row there that was changed so recently may be in flight. */
  leaseSeconds: number;
  /** The rows of this page are left where they are: the database refuses them. */
  passOver?: true;
};

export type MovedPage = {
  due: readonly DueDelivery[];
  changed: number;
  refused: readonly { delivery_uuid: string; because: string }[];
  /** Where the work goes on. */
  position: AdoptionPosition;
};
