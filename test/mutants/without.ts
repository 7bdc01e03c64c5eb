/** Pointers of docs/what-can-go-wrong.md that no mutation of a second can try, by row and file, and why. */
export const WITHOUT: Readonly<Record<string, string>> = {
  'CLA-10 test/model/lease.pml': 'a limit that remains, which the model shows: npm run model',
};

/** What the list of faults has and the table has not, because it is none of a delivery's faults. */
export const NO_FAULTS: Readonly<Record<string, string>> = {
  'CLA-19': 'a way of writing the claim, which CLA-01 and CLA-02 would notice',
};
