// Writes enqueue-request.schema.json: run `npm run schema` after a change; a test fails if it was forgotten.
import { writeFileSync } from 'node:fs';
import { enqueueJsonSchema } from './enqueue-json-schema.ts';

writeFileSync(new URL('../schema/enqueue-request.schema.json', import.meta.url), enqueueJsonSchema());
