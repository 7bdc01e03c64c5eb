// Pure, nothing is a double.
import { expect, test } from 'vitest';
import { windowFaults } from '../../infra/database-windows.ts';

const BACKUP = 'database.backupWindow must be hh:mm-hh:mm in UTC, half an hour at least, such as 02:00-02:30';
const MAINTENANCE =
  'database.maintenanceWindow must be ddd:hh:mm-ddd:hh:mm in UTC, from half an hour to a day, such as sun:03:00-sun:04:00';
const OVERLAP = 'database.backupWindow and database.maintenanceWindow must not overlap';

const faultsOf = (backupWindow?: string, maintenanceWindow?: string) =>
  windowFaults({
    kind: 'new',
    ...(backupWindow !== undefined && { backupWindow }),
    ...(maintenanceWindow !== undefined && { maintenanceWindow }),
  });

test.each([
  ['02:00-02:30', undefined],
  ['23:45-00:15', undefined],
  [undefined, 'sun:03:00-sun:04:00'],
  [undefined, 'sun:23:30-mon:00:00'],
  [undefined, 'mon:00:00-tue:00:00'],
  // They touch.
  ['02:30-03:00', 'sun:03:00-sun:04:00'],
  ['04:00-04:30', 'sun:03:00-sun:04:00'],
  ['01:00-01:30', 'sun:23:00-mon:01:00'],
  [undefined, undefined],
])('%s and %s are windows', (backup, maintenance) => {
  expect(faultsOf(backup, maintenance)).toEqual([]);
});

test.each([
  ['02:00-02:29'],
  ['02:00-02:00'],
  ['2:00-3:00'],
  ['24:00-24:30'],
  ['02:60-03:30'],
  ['sun:02:00-sun:02:30'],
  ['02:00'],
  [''],
])('a backup at %j is refused', (window) => {
  expect(faultsOf(window)).toEqual([BACKUP]);
});

test.each([
  ['sun:03:00-sun:03:29'],
  ['sun:03:00-sun:03:00'],
  ['sun:03:00-mon:03:01'],
  ['sun:03:00-sat:03:00'],
  ['Sun:03:00-Sun:04:00'],
  ['sunday:03:00-sunday:04:00'],
  ['03:00-04:00'],
])('maintenance at %j is refused', (window) => {
  expect(faultsOf(undefined, window)).toEqual([MAINTENANCE]);
});

test.each([
  ['02:30-03:01', 'sun:03:00-sun:04:00'],
  ['03:15-03:45', 'sun:03:00-sun:04:00'],
  ['02:00-05:00', 'sun:03:00-sun:04:00'],
  ['23:45-00:15', 'sun:00:00-sun:01:00'],
  ['23:45-00:15', 'mon:00:00-mon:01:00'],
  ['00:15-00:45', 'sun:23:30-mon:00:30'],
])('a backup at %s overlaps maintenance at %s on some day', (backup, maintenance) => {
  expect(faultsOf(backup, maintenance)).toEqual([OVERLAP]);
});

test('both are told at once', () => {
  expect(faultsOf('night', 'weekend')).toEqual([BACKUP, MAINTENANCE]);
});
