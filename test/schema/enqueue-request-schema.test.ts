// Real: the validator and the published file. Nothing is a double.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { enqueueJsonSchema } from '../../scripts/generate-json-schema.ts';

it('the published JSON Schema is what the validator demands', () => {
  const published = readFileSync(new URL('../../schema/enqueue-request.schema.json', import.meta.url), 'utf8');
  expect(published).toBe(enqueueJsonSchema());
});

it('the published JSON Schema refuses unknown fields and names the required ones', () => {
  const [delivery] = JSON.parse(enqueueJsonSchema()).anyOf;
  expect(delivery.additionalProperties).toBe(false);
  expect(delivery.required).toEqual(
    expect.arrayContaining(['workflow_run_id', 'organization_id', 'webhook_node_id', 'endpoint_url']),
  );
});
