// Real: the published file and Python's jsonschema, as it is. Needs a python3 with that package: `npm run test:schema`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { REQUEST_CASES } from '../request-cases.ts';

const schema: unknown = JSON.parse(
  readFileSync(new URL('../../../schema/enqueue-request.schema.json', import.meta.url), 'utf8'),
);

it('Python’s jsonschema takes the published schema, and its verdicts are those of enqueue', () => {
  const input = JSON.stringify({ schema, requests: REQUEST_CASES.map(({ request }) => request) });
  const { stdout, stderr, error } = spawnSync('python3', [new URL('validate.py', import.meta.url).pathname], { input });
  expect([error, String(stderr)]).toEqual([undefined, '']);
  const verdicts: boolean[] = JSON.parse(String(stdout));
  expect(REQUEST_CASES.map(({ what }, index) => [what, verdicts[index]])).toEqual(
    REQUEST_CASES.map(({ what, taken }) => [what, taken]),
  );
});
