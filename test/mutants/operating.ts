import type { Mutations } from './mutation.ts';

const LISTED = 'test/console/console-list.test.ts';
const SERVED = 'test/console/console-served.test.ts';
const ACTIONS = 'test/console/console-actions.test.ts';
const ENDPOINTS = 'test/console/console-endpoints.test.ts';

/** Of *Looking and ordering*. */
export const OPERATING: Mutations = {
  'OPE-01': [
    {
      in: 'console/fault-words.ts',
      from: `  [/TooManyRequests|throttl|Rate exceeded|ConcurrentInvocation/i, 'The function is throttled. Try again in a moment.'],
`,
      to: '',
      fails: [{ shownBy: LISTED, title: 'says what ' }],
    },
  ],
  'OPE-02': [
    {
      in: 'console/patience.ts',
      from: 'known !== undefined && isFresh(known) ? known : begin(make())',
      to: 'known !== undefined && isFresh(known) && known.endedAtMs !== undefined ? known : begin(make())',
      fails: [
        {
          shownBy: SERVED,
          title: 'says that it waits for a stack that is asleep, and shows what was asked for when it is there',
        },
      ],
    },
  ],
  'OPE-03': [
    {
      in: 'console/order-page.ts',
      from: '{ ...settledForm(form, reader), order_key',
      to: '{ ...form, order_key',
      fails: [{ shownBy: ACTIONS, title: 'counts at once what a link chooses, and changes nothing by it' }],
    },
    {
      in: 'console/order-form.ts',
      from: `const ticked = fields.getAll('id').filter(isId).join(',');`,
      to: `const ticked = fields.getAll('id').filter(isId).slice(0, 2).join(',');`,
      fails: [{ shownBy: ACTIONS, title: 'counts what was ticked, and orders exactly that' }],
    },
  ],
  'OPE-04': [
    {
      in: 'console/order-page.ts',
      from: 'const { note, per_second: pace, ...order } = { ...settledForm(form, reader), order_key: `console-${randomUUID()}` };',
      to: 'const { note, per_second: pace, ...order } = { ...settledForm(form, reader), order_key: `console-${randomUUID()}`.slice(0, 0) };',
      fails: [{ shownBy: ACTIONS, title: 'counts before it can ' }],
    },
    {
      in: 'sql/queries/open_order.sql',
      from: 'o.request = cast(:request as jsonb) as is_same',
      to: 'true as is_same',
      fails: [
        {
          shownBy: 'test/contracts/orders-contract.ts',
          title: 'given twice with one key is one order, and asks for one thing only',
        },
      ],
    },
  ],
  'OPE-05': [
    {
      in: 'console/hold-banner.ts',
      from: `is held since \${shownTime(heldSince, 'clock')}`,
      to: `is held\${heldSince === undefined ? '' : ''}`,
      fails: [{ shownBy: ENDPOINTS, title: 'is said at the top of ' }],
    },
  ],
  'OPE-06': [
    {
      in: 'sql/queries/change_endpoint.sql',
      from: `      and (n.scope = cast(:scope as text) or n.scope = 'origin' and cast(:action as text) <> 'set_endpoint')
`,
      to: '',
      fails: [
        {
          shownBy: 'test/contracts/endpoint-orders-contract.ts',
          title: 'is known by no other key, and an organization by none',
        },
      ],
    },
  ],
  'OPE-07': [
    {
      in: 'console/query-faults.ts',
      from: `if (!known.includes(name)) return [\`\${name.slice(0, 60)}: there is no such field; there are \${known.join(', ')}\`];`,
      to: 'if (!known.includes(name)) return [];',
      fails: [
        { shownBy: ACTIONS, title: 'says what of /?' },
        { shownBy: ENDPOINTS, title: 'are not listed by what is not understood: ' },
      ],
    },
    {
      in: 'console/query-faults.ts',
      from: 'given.length > 1 && !several.includes(name)',
      to: 'given.length > 2 && !several.includes(name)',
      fails: [{ shownBy: ACTIONS, title: 'neither counts nor orders by what it does not understand: ' }],
    },
  ],
};
