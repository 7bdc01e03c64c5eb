// Who may enter which room of the twin, and through which door. Real: every source that imports one, read as text. No
// doubles. The twin's own tests in test/local may look behind a door, and the console's in test/console.
import { describe, expect, test } from 'vitest';
import { filesBelow, importsOf } from './sources.ts';

// The console itself, on the port of the twin or on one of its own, and the parts of a page that it lends to the dashboard.
const CONSOLE = {
  room: 'console',
  doors: [
    'create-console.ts',
    'console-parts.ts',
    'html.ts',
    'layout.ts',
    'live-element.ts',
    'request-guard.ts',
    'respond.ts',
    'serve-console.ts',
    'shown-time.ts',
    'time-zone.ts',
  ],
};

const ROOMS: { room: string; doors: readonly string[] }[] = [
  CONSOLE,
  { room: 'local/aws/cloudformation', doors: ['service.ts'] },
  { room: 'local/aws/data-api', doors: ['service.ts'] },
  { room: 'local/aws/events', doors: ['service.ts'] },
  { room: 'local/aws/iam', doors: ['iam.ts'] },
  { room: 'local/aws/lambda', doors: ['service.ts'] },
  { room: 'local/aws/logs', doors: ['service.ts'] },
  // What is recorded, what is asked, and the API of the alarms.
  { room: 'local/aws/metrics', doors: ['stack-metrics.ts', 'metric-query.ts', 'alarms-api.ts'] },
  { room: 'local/aws/secrets-manager', doors: ['service.ts'] },
  { room: 'local/aws/sqs', doors: ['service.ts'] },
  { room: 'local/aws/sts', doors: ['service.ts'] },
  { room: 'local/dashboard', doors: ['dashboard-handler.ts'] },
  { room: 'local/postgres', doors: ['postgres.ts', 'lasting-postgres.ts', 'named-database.ts'] },
  { room: 'local/template', doors: ['load-stack.ts', 'stack-description.ts'] },
];

const sources = ['cli', 'local', 'console', 'scripts', 'bench', 'test'].flatMap((folder) => filesBelow(folder));
// Their own tests go anywhere, and so do two of their worlds: the template as AWS would see it, and PostgreSQL's package.
const INSIDERS =
  /^test\/(?:local|console|support\/stack\/deployed-template|support\/postgres\/postgres-launch-world)\b/;
const outsiders = sources.filter((path) => !INSIDERS.test(path));
const imports = outsiders.flatMap((path) => importsOf(path));

describe.each(ROOMS)('$room', ({ room, doors }) => {
  const entries = imports.filter(({ from, to }) => to?.startsWith(`${room}/`) && !from.startsWith(`${room}/`));

  test(`is entered by ${doors.join(' and ')} alone`, () => {
    const windows = entries.filter(({ to }) => !doors.some((door) => to === `${room}/${door}`));
    expect(windows.map(({ from, to }) => `${from} climbs in by ${to}`)).toEqual([]);
  });

  test('has no door that nobody uses', () => {
    const unused = doors.filter((door) => !entries.some(({ to }) => to === `${room}/${door}`));
    expect(unused).toEqual([]);
  });
});

test('every AWS service of the twin has a door', () => {
  const rooms = filesBelow('local/aws').flatMap((path) => /^local\/aws\/[^/]+(?=\/)/.exec(path)?.[0] ?? []);
  expect([...new Set(rooms)].filter((room) => !ROOMS.some((known) => known.room === room))).toEqual([]);
});

test('the rooms of AWS know nothing of the twin that they make up', () => {
  const above = /^local\/(?:twin|dashboard|demo|postgres|main\.ts)|^console\//;
  const upwards = imports.filter(({ from, to = '' }) => /^local\/(?:aws|template)\//.test(from) && above.test(to));
  expect(upwards.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});
