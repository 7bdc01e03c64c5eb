import type { Mutations } from './mutation.ts';

const REPLACED = 'test/functions/replaced-function.test.ts';
const ALARMS = 'test/infra/alarms.test.ts';
const WIDGET = 'test/shared/operate/widget.test.ts';
const CONNECTIONS = 'test/functions/deliver-connections.test.ts';
const COLD = 'test/functions/cold-starts.test.ts';
const ASKED = 'test/shared/aws/lambda-inspector.test.ts';
const DATA_API = 'shared/aws/data-api.ts';
const SENDER = 'shared/egress/http-sender.ts';

/** Of *Deployed*: what runs. */
export const DEPLOYED: Mutations = {
  'DEP-01': [
    {
      in: 'shared/delivery/delivery-message.ts',
      from: 'if (v !== 1 || !isCount',
      to: 'if (!isCount',
      fails: [{ shownBy: 'test/shared/delivery/delivery-message.test.ts', title: 'is not understood when it is ' }],
    },
    {
      in: 'shared/deliver/deliver-batch.ts',
      from: `return unsent.map(({ messageId }) => messageId);
}

async function recordAndDeliver`,
      to: `return [];
}

async function recordAndDeliver`,
      fails: [
        {
          shownBy: 'test/shared/deliver/deliver-batch.test.ts',
          title: 'that nobody understands and nobody could set aside comes again',
        },
      ],
    },
  ],
  'DEP-02': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `when l.lease_expires_at > i.now then 'held'`,
      to: `when l.claimed_at + make_interval(secs => cast(:lease_seconds as double precision)) > i.now then 'held'`,
      fails: [
        {
          shownBy: REPLACED,
          title: 'what runs goes on under its own lease: the new code sends nothing of it, and its outcome is recorded',
        },
      ],
    },
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `id, attempt_count, coalesce(claimed_at, lease_expires_at), 'outcome_unknown',`,
      to: `id, attempt_count, coalesce(claimed_at, lease_expires_at), 'internal',`,
      fails: [
        {
          shownBy: REPLACED,
          title:
            'what it leaves unfinished is claimed by the new code when its lease is over, and sent once more under the same id',
        },
      ],
    },
  ],
  'DEP-08': [
    {
      in: SENDER,
      from: 'if (this.#closing.signal.aborted) return closedFailure(phase);',
      to: 'if (this.#closing.signal.aborted) return TOO_LATE;',
      fails: [
        {
          shownBy: 'test/shared/egress/kept-connections.test.ts',
          title: 'leaves what rests, and nothing of a request',
        },
      ],
    },
    {
      in: 'shared/deliver/deliver-batch.ts',
      from: '...claimed.map(attempt),',
      to: '...claimed.map((one) => void attempt(one)).map(() => []),',
      fails: [{ shownBy: CONNECTIONS, title: 'nothing of a request outlives its invocation' }],
    },
  ],
  'DEP-09': [
    {
      in: SENDER,
      from: 'return { begin: () => new InvocationConnections(parts), close',
      to: `const shared = new InvocationConnections(parts);
  return { begin: () => shared, close`,
      fails: [
        {
          shownBy: CONNECTIONS,
          title: 'an invocation that ends hangs up on no other that runs beside it in the same process',
        },
      ],
    },
  ],
  'DEP-11': [
    {
      in: 'shared/aws/sql-states.ts',
      from: `['28', passes(`,
      to: `['28', ofStatement(`,
      fails: [
        {
          shownBy: 'test/shared/aws/data-api.test.ts',
          title: 'is asked again after a pause: ',
          throws: 'SQLSTATE 28P01',
        },
      ],
    },
  ],
  'DEP-13': [
    {
      in: 'functions/sweep.ts',
      from: `deliveryQueueUrl: reader.required('DELIVERY_QUEUE_URL'),`,
      to: `deliveryQueueUrl: process.env['DELIVERY_QUEUE_URL'] ?? '',`,
      fails: [{ shownBy: COLD, title: 'does not start without ' }],
    },
  ],
  'DEP-19': [
    {
      in: 'infra/alarms.ts',
      from: 'expression: `FILL(age, ${thresholds.oldestDueAgeSeconds})`',
      to: `expression: 'age'`,
      fails: [{ shownBy: ALARMS, title: 'take three silent periods of the sweep for a fault, and no other silence' }],
    },
    {
      in: 'shared/operate/first-figure.ts',
      from: `metrics.seconds('OldestDueAge', await oldestDueSeconds());`,
      to: 'await oldestDueSeconds();',
      fails: [
        {
          shownBy: 'test/shared/operate/first-figure.test.ts',
          title: 'a deployment reports the age of the oldest due delivery',
        },
      ],
    },
  ],
  'DEP-21': [
    {
      in: DATA_API,
      from: '|| (isDenied(error) && clock.monotonicMs() < rightsUntilMonotonicMs)',
      to: '|| (isDenied(error) && rightsUntilMonotonicMs < 0)',
      fails: [
        {
          shownBy: 'test/shared/aws/data-api-transactions.test.ts',
          title: 'a right that is late is waited for, while rights may be',
          throws: 'AccessDenied',
        },
      ],
    },
  ],
  'DEP-22': [
    {
      in: 'shared/operate/database-move.ts',
      from: `if (from === to || from === movedFrom) return 'looked';`,
      to: `if (from === to || from !== movedFrom) return 'looked';`,
      fails: [
        { shownBy: 'test/shared/operate/database-move.test.ts', title: ' stops, counts them, and says what allows it' },
      ],
    },
    {
      in: 'shared/operate/database-move.ts',
      from: 'throw new DatabaseMoved({ from, to, pending });',
      to: 'throw new DatabaseMoved({ from, to, pending: 0 * (pending ?? 0) });',
      fails: [
        {
          shownBy: 'test/end-to-end/moved-database.test.ts',
          title:
            'a deployment that would leave pending deliveries stops and counts them; the version before it starts again',
        },
      ],
    },
  ],
  'DEP-15': [
    {
      in: 'shared/runtime/unsafe-environment.ts',
      from: `{ name: 'NODE_DEBUG', applies: isSet`,
      to: `{ name: 'NODE_DEBUG', applies: isOn`,
      fails: [{ shownBy: COLD, title: 'does not start with ' }],
    },
  ],
  'DEP-23': [
    {
      in: 'shared/operate/widget-button.ts',
      from: `return text.replaceAll(/[^\\w .,:;?/()[\\]-]/g, '·');`,
      to: `return text.replaceAll('"', '·');`,
      fails: [{ shownBy: WIDGET, title: 'lets no text from outside become markup, a button, or a question' }],
    },
  ],
  'DEP-25': [
    {
      in: 'shared/operate/draw-widget.ts',
      from: '<strong>Not known:</strong> ${part.because}',
      to: '',
      fails: [{ shownBy: WIDGET, title: 'says so where inspect does not answer: ' }],
    },
    {
      in: 'shared/aws/lambda-inspector.ts',
      from: '/TooManyRequests|Throttl/',
      to: '/Throttl/',
      fails: [{ shownBy: ASKED, title: ': a sentence says so' }],
    },
  ],
  'DEP-26': [
    {
      in: 'shared/operate/change-endpoint.ts',
      from: 'orderKey: given.orderKey ?? orderKey, request',
      to: 'orderKey, request',
      fails: [
        {
          shownBy: 'test/shared/operate/widget-click.test.ts',
          title: 'is answered in words, and twice it is one order',
        },
      ],
    },
  ],
  'DEP-27': [
    {
      in: 'infra/alarms.ts',
      from: 'mistakes: counted(`${id}Mistakes`)',
      to: `mistakes: counted('InternalFaults')`,
      fails: [
        {
          shownBy: ALARMS,
          title:
            'are blind for no metric that was never reported: an expression adds to its own only what every sweep reports',
        },
      ],
    },
    {
      in: 'shared/aws/powertools-metrics.ts',
      from: 'for (const name of atLeastZero) counts.set(name, counts.get(name) ?? 0);',
      to: '',
      fails: [
        {
          shownBy: 'test/shared/aws/log-powertools.test.ts',
          title: 'every sweep reports what is billed for it, however little there is to sweep',
        },
      ],
    },
  ],
};
