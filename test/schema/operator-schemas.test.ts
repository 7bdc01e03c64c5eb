// Real: the validators and the published files. Nothing is a double.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { operatorJsonSchemas } from '../../scripts/generate-operator-schemas.ts';

describe.each(Object.entries(operatorJsonSchemas()))('%s', (name, text) => {
  it('is what the validator demands', () => {
    expect(readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8')).toBe(text);
  });

  it('tells each action by its name, and refuses unknown fields', () => {
    const { anyOf } = JSON.parse(text) as { anyOf: { additionalProperties: unknown; required: string[] }[] };
    expect(anyOf.length).toBeGreaterThan(3);
    for (const action of anyOf) {
      expect(action.additionalProperties).toBe(false);
      expect(action.required).toContain('action');
    }
  });
});
