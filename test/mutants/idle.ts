import type { Mutations } from './mutation.ts';

const DAYS = 'test/protocol/idle-database.test.ts';
const CRASHES = 'test/protocol/idle-crashes.test.ts';
const MARKER = 'test/shared/delivery/pending-marker.test.ts';
const FATES = 'test/shared/sweep/fate-of-markers.test.ts';
const SWEEP = 'test/shared/sweep/sweep-unless-idle.test.ts';

/** A database that sleeps. */
export const IDLE: Mutations = {
  'IDL-01': [
    {
      in: 'shared/aws/data-api-faults.ts',
      from: 'const HOPELESS = new Set([',
      to: "const HOPELESS = new Set([\n  'DatabaseResumingException',",
      fails: [
        { shownBy: DAYS, title: 'takes up the next request: its caller has an answer, late' },
        {
          shownBy: 'test/end-to-end/sleeping-database.test.ts',
          title: 'its database falls asleep; the next request wakes it and is answered',
          throws: 'TemporaryFailure',
        },
      ],
    },
  ],
  'IDL-02': [
    {
      in: 'shared/delivery/pending-marker.ts',
      from: 'if (!this.#isYounger(MARKER_FRESH_SECONDS)) await this.put();',
      to: '',
      fails: [{ shownBy: CRASHES, title: 'is found whatever becomes of any one call, and is never without a marker' }],
    },
  ],
  'IDL-03': [
    {
      in: 'shared/delivery/pending-marker.ts',
      from: 'if (!this.#isYounger(MARKER_LATE_SECONDS)) await this.put();',
      to: '',
      fails: [{ shownBy: MARKER, title: 'writes all the same if the marker cannot be put' }],
    },
    {
      in: 'shared/sweep/sweep-unless-idle.ts',
      from: 'if (!isTold && held?.length === 0) {',
      to: 'if (held?.length === 0) {',
      fails: [{ shownBy: DAYS, title: 'is found, also where neither the marker nor the message could be sent' }],
    },
  ],
  'IDL-04': [
    {
      in: 'shared/sweep/fate-of-markers.ts',
      from: '> MARKER_OLD_SECONDS;',
      to: '> 0;',
      fails: [{ shownBy: FATES, title: 'the old ones go, the young ones stay' }],
    },
  ],
  'IDL-05': [
    {
      in: 'shared/delivery/pending-marker.ts',
      from: '#isYounger(MARKER_LATE_SECONDS)',
      to: '#isYounger(Infinity)',
      fails: [{ shownBy: MARKER, title: 'puts another behind a row that came so late' }],
    },
  ],
  'IDL-06': [
    {
      in: 'shared/aws/sqs-markers.ts',
      from: 'VisibilityTimeout: MARKER_HELD_SECONDS,',
      to: 'VisibilityTimeout: 43_200,',
      fails: [
        { shownBy: 'test/shared/aws/sqs-markers.test.ts', title: 'those of a sweep that died show after four minutes' },
      ],
    },
    {
      in: 'shared/sweep/sweep-unless-idle.ts',
      from: 'if (report.complete && held !== undefined) {',
      to: 'if (held !== undefined) {',
      fails: [{ shownBy: SWEEP, title: 'shows them all again and removes none' }],
    },
  ],
  'IDL-07': [
    {
      in: 'shared/sweep/sweep-unless-idle.ts',
      from: 'if (!isTold && held?.length === 0) {',
      to: 'if (!isTold && (held ?? []).length === 0) {',
      fails: [{ shownBy: SWEEP, title: 'a queue of markers that does not answer is a reason to sweep' }],
    },
  ],
  'IDL-08': [
    {
      in: 'shared/sweep/fate-of-markers.ts',
      from: '> MARKER_RENEWED_AFTER_SECONDS)',
      to: '> Infinity)',
      fails: [{ shownBy: DAYS, title: 'keeps a marker for longer than a queue keeps any message' }],
    },
  ],
  'IDL-09': [
    {
      in: 'shared/sweep/sweep-unless-idle.ts',
      from: 'if (!isTold && held?.length === 0) {',
      to: 'if (held?.length === 0) {',
      fails: [{ shownBy: DAYS, title: 'is found by one of three looks a day' }],
    },
  ],
  'IDL-10': [
    {
      in: 'shared/sweep/sweep-unless-idle.ts',
      from: "metrics.seconds('OldestDueAge', 0);",
      to: '',
      fails: [{ shownBy: SWEEP, title: 'the database is not asked, and the sign that the sweep runs is given' }],
    },
  ],
};
