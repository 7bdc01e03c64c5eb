import { readFileSync } from 'node:fs';
import { Client } from 'undici';
import { expect, it } from 'vitest';

// Real: undici as it is installed. The sender imports one class of it by an inner path, which no version promises to keep.

const PATH = 'undici/lib/dispatcher/client.js';
const WHERE_TO_LOOK = `${PATH} is no longer undici's Client: find where it went, and change the path in shared/egress/http-connections.ts and undici-client.d.ts, and here`;

it('the class that the sender imports by its own path is the one that the package offers', async () => {
  const imported: unknown = await import(PATH).then((module) => module.default).catch(() => undefined);
  expect(imported === Client || WHERE_TO_LOOK).toBe(true);
});

it('the sender imports it by that path, and by no other', () => {
  const source = readFileSync(new URL('../../../shared/egress/http-connections.ts', import.meta.url), 'utf8');
  const paths = [...source.matchAll(/from '(undici\/[^']*)'/g)].map(([, path]) => path);
  expect(paths).toEqual([PATH]);
});

it('its version is pinned exactly, so that it moves only where somebody sees this', () => {
  const { devDependencies } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  const installed = new URL('../../../node_modules/undici/package.json', import.meta.url);
  expect(devDependencies.undici).toBe(JSON.parse(readFileSync(installed, 'utf8')).version);
});
