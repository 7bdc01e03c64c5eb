// Real: the schemas and the published files. Nothing is a double.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { outcomeJsonSchemas } from '../../scripts/generate-outcome-schemas.ts';
import { OUTCOME_TYPES } from '../../shared/delivery/outcome.ts';
import { MEMBERS_IN_WORDS } from '../../shared/outcomes/outcome-detail.ts';

const schemas = outcomeJsonSchemas();

it('there is one for each outcome', () => {
  const titles = Object.values(schemas).map((text) => (JSON.parse(text) as { title: string }).title);
  expect(titles).toEqual(Object.values(OUTCOME_TYPES).map((name) => `Surehook: detail of ${name}`));
});

describe.each(Object.entries(schemas))('%s', (name, text) => {
  const schema = JSON.parse(text) as {
    properties: Record<string, { description?: string }>;
    required: string[];
  };

  it('is what is published', () => {
    expect(readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8')).toBe(text);
    const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    expect(exports[`./${name}`]).toBe(`./schema/${name}`);
  });

  it('says of every member what it means, promises every one, and knows no path, query, header or payload', () => {
    const members = Object.keys(schema.properties);
    expect(members.filter((member) => schema.properties[member]?.description === undefined)).toEqual([]);
    expect(schema.required.toSorted()).toEqual(members.toSorted());
    expect(members.filter((member) => !(member in MEMBERS_IN_WORDS))).toEqual([]);
    expect(members.filter((member) => /path|query|header|payload|body|url|error/.test(member))).toEqual([]);
  });
});
