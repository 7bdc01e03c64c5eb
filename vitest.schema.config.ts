import { defineConfig } from 'vitest/config';

/** Validators of other languages on the published JSON Schema: needs a python3 with the package jsonschema. */
export default defineConfig({ test: { include: ['test/schema/python/**/*.test.ts'] } });
