// Writes enqueue-request.schema.json from the validator itself: run `npm run schema` after a change; a test fails if it was
// forgotten. JSON Schema cannot say that exactly one of payload, payload_json and payload_template is given, so the text
// does.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { enqueueBatchSchema, enqueueRequestSchema } from '../shared/enqueue/enqueue-request-schema.ts';

/** The text of enqueue-request.schema.json. */
export function enqueueJsonSchema(): string {
  const one = z.toJSONSchema(enqueueRequestSchema, { io: 'input', unrepresentable: 'any' });
  const batch = z.toJSONSchema(enqueueBatchSchema, { io: 'input', unrepresentable: 'any' });
  const { $schema, ...delivery } = one;
  const { $schema: _, ...deliveries } = batch;
  const schema = {
    $schema,
    title: 'Surehook enqueue request',
    description:
      'One delivery, or up to 100 at once. Of payload, payload_json and payload_template exactly one is given; render_context goes with payload_template only; beside deliveries it serves every item that has none. An optional member may be null, which is the same as leaving it out, but for payload: there null is a value.',
    anyOf: [delivery, deliveries],
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../schema/enqueue-request.schema.json', import.meta.url), enqueueJsonSchema());
}
