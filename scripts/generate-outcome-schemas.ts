// Writes the schemas of the events' details, one for each detail type: run `npm run schema` after a change; a test fails if it was
// forgotten. Draft 7, which every validator knows.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { MEMBERS_IN_WORDS, OUTCOME_DETAILS } from '../shared/outcomes/outcome-detail.ts';

/** The text of each file in schema/, by its name. */
export function outcomeJsonSchemas(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(OUTCOME_DETAILS).map(([detailType, schema]) => {
      const name = `${detailType.toLowerCase().replaceAll(' ', '-')}.schema.json`;
      return [name, textOf(detailType, schema)];
    }),
  );
}

type Member = keyof typeof MEMBERS_IN_WORDS;

function textOf(detailType: string, schema: (typeof OUTCOME_DETAILS)[keyof typeof OUTCOME_DETAILS]): string {
  const { properties = {}, required } = z.toJSONSchema(schema, { target: 'draft-7' });
  const described = Object.entries(properties).map(([name, property]) => [
    name,
    { description: MEMBERS_IN_WORDS[name as Member], ...(property as object) },
  ]);
  const document = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `Surehook: detail of ${detailType}`,
    description: 'The detail of an EventBridge event with the source surehook. Later versions may add members.',
    type: 'object',
    properties: Object.fromEntries(described),
    required,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(outcomeJsonSchemas())) {
    writeFileSync(new URL(`../schema/${name}`, import.meta.url), text);
  }
}
