// Real: the watch. Doubles: the clock, and the disk, which is as full as a test says.
import { expect, test } from 'vitest';
import { watchDisk } from '../../local/twin/full-disk.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const MIB = 1024 * 1024;

test('a disk that fills is told of once, and once when there is room again', async () => {
  const timers = new ManualTimers();
  const said: string[] = [];
  let free: number | undefined = 500 * MIB;
  const end = watchDisk({ folder: '/data', timers, say: (line) => said.push(line), freeBytes: () => free });
  const after = async (bytes: number | undefined) => {
    free = bytes;
    await timers.advance(10_000);
    return said.splice(0);
  };
  expect(await after(100 * MIB)).toEqual([]);
  expect(await after(31 * MIB)).toEqual([
    expect.stringMatching(/^the disk of \/data is full \(31 MiB left\): .* lost$/),
  ]);
  expect(await after(0)).toEqual([]);
  expect(await after(40 * MIB)).toEqual([]);
  expect(await after(undefined)).toEqual([]);
  expect(await after(64 * MIB)).toEqual(['the disk of /data has room again']);
  end();
  expect(await after(0)).toEqual([]);
});

test('the disk of a real folder can be asked', () => {
  const said: string[] = [];
  watchDisk({ folder: '/', timers: new ManualTimers(), say: (line) => said.push(line) })();
  expect(said.length).toBeLessThanOrEqual(1);
});
