const CHAOS = 'minutes of real time and real kills, which npm run chaos takes';
const BROWSER = 'needs a browser, which npm run test:browser installs';

/** Pointers of docs/what-can-go-wrong.md that no mutation of a second can try, by row and file, and why. */
export const WITHOUT: Readonly<Record<string, string>> = {
  'REQ-09 test/shared/egress/http-sender-requests.test.ts':
    'nothing of ours keeps a cookie, so there is no line to break; the test would see one that is sent',
  'SWE-16 bench/row-cost.ts': 'a figure, which npm run bench:rows -- --held measures',
  'MIG-16 test/clients/mappers.test.ts': 'other people’s clients, which npm run test:clients needs installed',
  'CLA-10 test/model/lease.pml': 'a limit that remains, which the model shows: npm run model',
  'DEP-12 test/chaos/soak.test.ts': CHAOS,
  'DEP-23 test/browser/dashboard-widget.test.ts': BROWSER,
  'END-01 test/chaos/endpoints.test.ts': CHAOS,
  'END-02 test/chaos/endpoints.test.ts': CHAOS,
  'END-05 test/chaos/endpoints.test.ts': CHAOS,
  'END-06 test/chaos/endpoints.test.ts': CHAOS,
  'END-09 test/chaos/endpoints.test.ts': CHAOS,
  'END-17 test/chaos/endpoints.test.ts': CHAOS,
  'END-18 test/chaos/endpoints.test.ts': CHAOS,
  'ORD-04 test/chaos/ordering.test.ts': CHAOS,
  'ORD-13 test/chaos/ordering.test.ts': CHAOS,
  'OPE-01 test/browser/console.test.ts': BROWSER,
};

/** What the list of faults has and the table has not, because it is none of a delivery's faults. */
export const NO_FAULTS: Readonly<Record<string, string>> = {
  'CLA-19': 'a way of writing the claim, which CLA-01 and CLA-02 would notice',
};
