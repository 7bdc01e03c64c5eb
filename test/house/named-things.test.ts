// What documents name is there, and what they show is taken. Real: the documents, every source of the product, the published schemas, what
// reads requests. No doubles.
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parseInspectRequest } from '../../shared/operate/inspect-request.ts';
import { parseOperateRequest } from '../../shared/operate/operate-request.ts';
import { filesBelow, sourceOf } from './sources.ts';

const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'examples/README.md',
  ...filesBelow('docs', /\.md$/).filter((path) => !/decisions\/|benchmarks\.md|what-can-go-wrong\.md/.test(path)),
];
const FOLDERS = ['shared', 'sql', 'functions', 'infra', 'cli', 'client', 'console', 'local', 'schema', 'examples'];
const PRODUCT = FOLDERS.flatMap((folder) => filesBelow(folder, /\.(?:ts|js|mjs|sql|json|py|java|css)$/))
  .map((path) => sourceOf(path))
  .join('\n');

/** Names of AWS, of PostgreSQL, of Python and of receivers; examples that a reader replaces; options of other programs. */
const OF_OTHERS = new Set(
  `AccountPrincipal AsyncEventsDropped ClientError GetDashboard GetMetricData GetObject INVALID_SESSION_ID PassRole
  ReadTimeoutError ValueError WebhookStaging WebhooksEnqueueFunctionName WorkflowTriggerNotFound
  action_prohibited addPermission alarmMail aurora_replica_status channel_is_archived channel_not_found current_weekday
  external_credentials feedback_xmin grantSendMessages idle_in_transaction_session_timeout invalid_payload no_service no_text
  pg_get_triggerdef pg_read_all_stats pg_terminate_backend pg_trigger`.split(/\s+/),
);
const NAME =
  /\b(?:[a-z]+(?:_[a-z\d]+)+|[A-Z][a-z]+(?:[A-Z][a-z\d]+)+|[a-z]+(?:[A-Z][a-z\d]+)+|[A-Z]{2,}(?:_[A-Z\d]+)+)\b/g;
/** Alarms are named by their function; errors of AWS end so, and none of the product's. */
const TOLD = /^(?:Deliver|Sweep|Migrate|Enqueue|Inspect|Operate)Errors$|Exception$/;

test.each(DOCUMENTS)('%s names nothing in code that the product does not have', (path) => {
  const prose = sourceOf(path).replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  const code = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text).join('\n');
  const names = [...new Set(code.match(NAME) ?? [])];
  expect(names.filter((name) => !PRODUCT.includes(name) && !OF_OTHERS.has(name) && !TOLD.test(name))).toEqual([]);
});

test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'])('%s names files that are there', (path) => {
  const folders = [...FOLDERS, 'scripts', 'test', 'docs', 'bench'];
  const there = new Set(folders.flatMap((folder) => filesBelow(folder, /./)).map((file) => file.split('/').at(-1)));
  const named = [...sourceOf(path).matchAll(/`(?:[\w./-]*\/)?([\w-]+(?:\.\w+)?\.(?:ts|js|sql|pml|json))`/g)].map(
    ([, name = '']) => name,
  );
  const ofPackages = new Set(['ipaddr.js', 'package.json']);
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter((name) => !there.has(name) && !ofPackages.has(name) && !name.startsWith('NNNN'))).toEqual([]);
});

test('options of the command line that documents name in a sentence are there', () => {
  const named = DOCUMENTS.flatMap((path) => [...sourceOf(path).matchAll(/`(--[a-z-]+)(?: [^`]*)?`/g)]).map(
    ([, name = '']) => name,
  );
  const ofTheCdk = '--cloudformation-execution-policies';
  expect(new Set(named).size).toBeGreaterThan(10);
  expect([...new Set(named)].filter((name) => !PRODUCT.includes(name) && name !== ofTheCdk)).toEqual([]);
});

test('docs/receivers.md quotes what last_error says', () => {
  const [, tls = ''] = sourceOf('docs/receivers.md').split('\n## TLS\n');
  const quoted = [...tls.matchAll(/(?<!\*)\*([^*\n]+)\*(?!\*)/g)].map(([, words = '']) => words);
  const egress = [...filesBelow('shared/egress'), ...filesBelow('shared/delivery'), ...filesBelow('shared/deliver')];
  const said = egress.map((path) => sourceOf(path)).join('\n');
  expect(quoted.length).toBeGreaterThan(9);
  expect(quoted.filter((words) => !said.includes(words))).toEqual([]);
});

test('the runbook and the first look name graphs that the dashboard has', () => {
  const dashboard = sourceOf('infra/dashboard.ts');
  const named = ['docs/runbook.md', 'docs/first-deploy.md'].flatMap((path) => [
    ...sourceOf(path).matchAll(
      /\*((?:Age of|Delivery queue|Invocations at|Database cap|Deliveries by|Duration of)[^*]*)\*/g,
    ),
  ]);
  expect(named.length).toBeGreaterThan(4);
  expect(named.map(([, title = '']) => title).filter((title) => !dashboard.includes(title))).toEqual([]);
});

describe('requests to operators', () => {
  const shown = DOCUMENTS.flatMap((path) =>
    [...sourceOf(path).matchAll(/\{ ?"action"[^{}]*\}/g)].map(([text]) => [path, text] as const),
  ).filter(([, text]) => !text.includes('…'));

  test.each(shown)('%s: %s', (_path, text) => {
    const request: unknown = JSON.parse(text);
    const taken = [parseOperateRequest(request), parseInspectRequest(request)].filter(({ ok }) => ok);
    expect(taken).toHaveLength(1);
  });

  test('are many', () => {
    expect(shown.length).toBeGreaterThan(5);
  });
});

test('the event that docs/outcomes.md shows is one of the published schema', () => {
  const event = JSON.parse(/```json\n([\s\S]+?)```/.exec(sourceOf('docs/outcomes.md'))?.[1] ?? '') as {
    detail: object;
  };
  const schema = JSON.parse(sourceOf('schema/webhook-dead-lettered.schema.json')) as object;
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  expect([validate(event.detail), validate.errors]).toEqual([true, null]);
  expect(validate({ ...event.detail, status: 'lost' })).toBe(false);
});
