// The rooms of shared/: the table of ARCHITECTURE.md. Real: every source of the product, read as text. No doubles.
import { describe, expect, test } from 'vitest';
import { filesBelow, type Import, importsOf, sourceOf } from './sources.ts';

type Room = {
  /** The rooms below, whose files it may import. */
  below: readonly string[];
  /** The files that may be imported from outside the room. Undefined: all of them, where a room is a vocabulary. */
  doors?: readonly string[];
};

/** From the top down. `settings` is the one file beside the rooms. */
const ROOMS: Readonly<Record<string, Room>> = {
  aws: {
    below: [
      'enqueue',
      'deliver',
      'sweep',
      'operate',
      'outcomes',
      'egress',
      'credentials',
      'endpoints',
      'observe',
      'delivery',
      'runtime',
    ],
  },
  enqueue: {
    below: ['observe', 'delivery', 'runtime'],
    doors: [
      'enqueue-deliveries.ts',
      'enqueue-from-intake.ts',
      'intake-event.ts',
      'enqueue-request-schema.ts',
      'check-requests.ts',
      'accept-store.ts',
      'announce-store.ts',
      'intake-message.ts',
    ],
  },
  deliver: {
    below: ['outcomes', 'credentials', 'egress', 'endpoints', 'observe', 'delivery', 'runtime'],
    doors: ['deliver-batch.ts', 'examine-receiver.ts', 'attempt-delivery.ts', 'deliver-store.ts'],
  },
  sweep: {
    below: ['outcomes', 'observe', 'delivery', 'runtime'],
    doors: ['sweep-deliveries.ts', 'sweep-unless-idle.ts', 'markers.ts'],
  },
  operate: {
    below: ['observe', 'delivery', 'runtime'],
    doors: [
      'database-move.ts',
      'answer-operator.ts',
      'show-widget.ts',
      'inspector.ts',
      'operate-request.ts',
      'give-order.ts',
      'order-relay.ts',
      'order-store.ts',
      'read-request.ts',
      'selection.ts',
      'continue-orders.ts',
      'first-figure.ts',
      'keep-records.ts',
      'inspect-deliveries.ts',
      'inspect-request.ts',
      'inspect-store.ts',
      'examiner.ts',
      'delivery-facts.ts',
      'curl-command.ts',
      'migrate-database.ts',
      'migration-losses.ts',
      'database-look.ts',
      'database-facts.ts',
      'used-rights.ts',
      'adoption-store.ts',
    ],
  },
  settings: { below: ['outcomes', 'egress', 'endpoints', 'observe', 'delivery', 'runtime'] },
  outcomes: {
    below: ['observe', 'delivery', 'runtime'],
    doors: [
      'announcer.ts',
      'announce-waiting.ts',
      'outcome-bus.ts',
      'outcome-detail.ts',
      'outcome-event.ts',
      'outcome-store.ts',
      'read-outcomes.ts',
    ],
  },
  egress: {
    below: ['delivery', 'runtime'],
    doors: [
      'egress-guard.ts',
      'platform-authorities.ts',
      'endpoint-url.ts',
      'examine-endpoint.ts',
      'http-sender.ts',
      'open-egress.ts',
      'private-receivers.ts',
      'send-result.ts',
    ],
  },
  credentials: {
    below: ['delivery', 'runtime'],
    doors: [
      'credentials.ts',
      'credential-cache.ts',
      'signature.ts',
      'access-tokens.ts',
      'oauth-client.ts',
      'token-answer.ts',
      'client-certificate.ts',
    ],
  },
  endpoints: {
    below: ['delivery', 'runtime'],
    doors: ['endpoint-policy.ts', 'evidence-of.ts', 'read-endpoint-policy.ts'],
  },
  observe: {
    below: ['delivery', 'runtime'],
    doors: [
      'count-deaths.ts',
      'fault-fields.ts',
      'log.ts',
      'log-payload.ts',
      'metrics.ts',
      'metric-names.ts',
      'redaction.ts',
      'scrub-excerpt.ts',
    ],
  },
  delivery: { below: ['runtime'] },
  runtime: { below: [] },
};

const shared = filesBelow('shared');

test('shared/ holds the rooms of the table, the settings, and nothing beside them', () => {
  expect([...new Set(shared.map(roomOf))].sort()).toEqual(Object.keys(ROOMS).sort());
  expect(Object.keys(ROOMS).length).toBeLessThanOrEqual(13);
});

test('the table itself leads downwards only', () => {
  const order = Object.keys(ROOMS);
  for (const [room, { below }] of Object.entries(ROOMS)) {
    expect(below.filter((lower) => order.indexOf(lower) <= order.indexOf(room))).toEqual([]);
  }
});

test('ARCHITECTURE.md shows the same table', () => {
  const told = [...sourceOf('ARCHITECTURE.md').matchAll(/^\| `shared\/(\w+)(?:\/|\.ts)` \| .* \|(.*?) ?\|$/gm)];
  const table = told.map(([, room, below = '']) => [room, [...below.matchAll(/\w+/g)].map(([name]) => name)]);
  expect(table).toEqual(Object.entries(ROOMS).map(([room, { below }]) => [room, [...below]]));
});

describe.each(Object.entries(ROOMS))('%s', (room, { below, doors }) => {
  test('imports from the rooms below it only', () => {
    const up = shared
      .filter((path) => roomOf(path) === room)
      .flatMap((path) => importsOf(path))
      .filter(({ to = '' }) => to.startsWith('shared/') && roomOf(to) !== room && !below.includes(roomOf(to)));
    expect(told(up, `${room} may import ${below.join(', ') || 'nothing'}. ${WAY_OUT}`)).toBe('');
  });

  test('is entered by its doors only, each of which somebody uses', () => {
    const product = ['shared', 'functions', 'infra', 'client', 'cli', 'local', 'console', 'scripts'].flatMap((folder) =>
      filesBelow(folder),
    );
    const entered = product
      .filter((path) => !path.startsWith(`shared/${room}/`))
      .flatMap((path) => importsOf(path))
      .filter(({ to = '' }) => to.startsWith(`shared/${room}/`));
    if (doors === undefined) return;
    const isDoor = ({ to = '' }: Import) => doors.includes(to.slice(`shared/${room}/`.length));
    const windows = entered.filter((found) => !isDoor(found));
    expect(
      told(windows, `of ${room} others import ${doors.join(', ')}. Use one of them, or make a door in ROOMS above`),
    ).toBe('');
    expect(doors.filter((door) => !entered.some(({ to }) => to === `shared/${room}/${door}`))).toEqual([]);
  });
});

function roomOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? '';
}

const WAY_OUT = 'Let the caller pass it in, or move what both need into a room below both';

/** A line for each: the two files, the rule, and the way out. */
function told(imports: readonly Import[], rule: string): string {
  return imports.map(({ from, to, specifier }) => `${from} imports ${to ?? specifier}: ${rule}.`).join('\n');
}
