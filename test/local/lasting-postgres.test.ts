// Real: PostgreSQL and the signals that end it. Double: a clock that stands still, or runs ahead where an end counts as late.
// Never asserted: how long anything takes.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startLastingPostgres } from '../../local/postgres/lasting-postgres.ts';
import type { Postgres } from '../../local/postgres/postgres.ts';

let folder: string;
let nowMs: number;
let postgres: Postgres;
let lines: string[];
let heard: () => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-lasting-'));
  nowMs = 0;
  lines = [];
  heard = () => undefined;
  postgres = await startLastingPostgres({
    folder,
    database: 'app',
    timers: { nowMs: () => nowMs },
    log: (line) => {
      lines.push(line);
      heard();
    },
  });
});
afterEach(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

function killServer(): void {
  process.kill(Number.parseInt(readFileSync(join(folder, 'cluster', 'data', 'postmaster.pid'), 'utf8'), 10), 'SIGKILL');
}

function untilSaid(text: string, times = 1): Promise<void> {
  return new Promise((resolve) => {
    heard = () => lines.filter((line) => line.includes(text)).length >= times && resolve();
    heard();
  });
}

async function query(sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
}

test('a killed database comes back on its port with everything that was committed', async () => {
  await query('create table kept as select 42 as answer');
  killServer();
  await untilSaid('is back');
  expect(lines[0]).toBe('the database ended (SIGKILL): starting it again');
  expect(await query('select answer from kept')).toEqual([{ answer: 42 }]);
});

test('a database that ends again and again soon after its start is given up', async () => {
  for (let time = 1; time <= 2; time++) {
    killServer();
    await untilSaid('is back', time);
  }
  killServer();
  expect(await postgres.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a database killed now and then comes back each time', async () => {
  for (let time = 1; time <= 4; time++) {
    nowMs += 60_000;
    killServer();
    await untilSaid('is back', time);
  }
  expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
});

test('a stop while the database is coming back ends it for good', async () => {
  killServer();
  await untilSaid('starting it again');
  await postgres.stop();
  expect(await postgres.exited).toBeDefined();
  await expect(query('select 1')).rejects.toThrow('ECONNREFUSED');
});
