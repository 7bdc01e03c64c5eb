/** Where the work on an adoption goes on: the first pass sees everything, the others what is still pending. */
export type AdoptionPosition = {
  pass: number;
  /** The id that the pass has come to. */
  after: string;
  /** Rows passed over in this pass, because they are in flight or locked. */
  waiting: number;
  /** Pending rows moved in this pass. */
  changed: number;
  ended: boolean;
};
