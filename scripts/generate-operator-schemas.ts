// Writes inspect-request.schema.json and operate-request.schema.json from the validators themselves: run `npm run schema` after a
// change; a test fails if it was forgotten. JSON Schema does not say that a selection must not be empty, so the text does.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { INSPECT_ACTIONS } from '../shared/operate/inspect-request.ts';
import { OPERATE_ACTIONS } from '../shared/operate/operate-request.ts';
import type { ActionSchema } from '../shared/operate/read-request.ts';

const SELECTION =
  'Actions that select deliveries take any of the members that select, at least one; deliveries must meet all that are given. An optional member may be null, which is the same as leaving it out.';

/** The text of each file in schema/, by its name. */
export function operatorJsonSchemas(): Readonly<Record<string, string>> {
  return {
    'inspect-request.schema.json': textOf('Surehook inspect request', INSPECT_ACTIONS),
    'operate-request.schema.json': textOf('Surehook operate request', OPERATE_ACTIONS),
  };
}

function textOf(title: string, actions: Readonly<Record<string, ActionSchema>>): string {
  const anyOf = Object.values(actions).map(({ schema }) => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    return rest;
  });
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  return `${JSON.stringify({ $schema, title, description: SELECTION, anyOf }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(operatorJsonSchemas())) {
    writeFileSync(new URL(`../schema/${name}`, import.meta.url), text);
  }
}
