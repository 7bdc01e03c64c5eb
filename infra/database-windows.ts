import type { NewDatabase } from './webhook-delivery-props.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY_MINUTES = 24 * 60;
const WEEK_MINUTES = 7 * DAY_MINUTES;
const TIME = '((?:[01]\\d|2[0-3])):([0-5]\\d)';
const BACKUP = new RegExp(`^${TIME}-${TIME}$`);
const MAINTENANCE = new RegExp(`^(${DAYS.join('|')}):${TIME}-(${DAYS.join('|')}):${TIME}$`);

/** RDS' limits for both windows, minutes. */
const LEAST_MINUTES = 30;
const MOST_MINUTES = DAY_MINUTES;

/** Minutes, the begin since the week's. */
type Window = { begins: number; lasts: number };

/** What is wrong with the cluster's two windows. RDS would say it in the middle of a deployment. */
export function windowFaults({ backupWindow, maintenanceWindow }: NewDatabase): string[] {
  const faults: string[] = [];
  const backup = backupWindow === undefined ? undefined : backupOf(backupWindow);
  const maintenance = maintenanceWindow === undefined ? undefined : maintenanceOf(maintenanceWindow);
  if (backupWindow !== undefined && !isSound(backup)) {
    faults.push('database.backupWindow must be hh:mm-hh:mm in UTC, half an hour at least, such as 02:00-02:30');
  }
  if (maintenanceWindow !== undefined && !isSound(maintenance)) {
    faults.push(
      'database.maintenanceWindow must be ddd:hh:mm-ddd:hh:mm in UTC, from half an hour to a day, such as sun:03:00-sun:04:00',
    );
  }
  if (isSound(backup) && isSound(maintenance) && overlapsOnSomeDay(backup, maintenance)) {
    faults.push('database.backupWindow and database.maintenanceWindow must not overlap');
  }
  return faults;
}

function backupOf(text: string): Window | undefined {
  const [, fromHour, fromMinute, toHour, toMinute] = BACKUP.exec(text) ?? [];
  if (fromHour === undefined) return undefined;
  const begins = Number(fromHour) * 60 + Number(fromMinute);
  return { begins, lasts: after(begins, Number(toHour) * 60 + Number(toMinute), DAY_MINUTES) };
}

function maintenanceOf(text: string): Window | undefined {
  const [, fromDay = '', fromHour, fromMinute, toDay = '', toHour, toMinute] = MAINTENANCE.exec(text) ?? [];
  if (fromHour === undefined) return undefined;
  const at = (day: string, hour: string | undefined, minute: string | undefined): number =>
    DAYS.indexOf(day) * DAY_MINUTES + Number(hour) * 60 + Number(minute);
  const begins = at(fromDay, fromHour, fromMinute);
  return { begins, lasts: after(begins, at(toDay, toHour, toMinute), WEEK_MINUTES) };
}

/** Minutes from one time to the next other, round a day or a week. */
function after(from: number, to: number, round: number): number {
  return (to - from + round) % round;
}

function isSound(window: Window | undefined): window is Window {
  return window !== undefined && window.lasts >= LEAST_MINUTES && window.lasts <= MOST_MINUTES;
}

function overlapsOnSomeDay(backup: Window, maintenance: Window): boolean {
  return DAYS.some((_, day) => {
    const begins = day * DAY_MINUTES + backup.begins;
    return (
      after(maintenance.begins, begins, WEEK_MINUTES) < maintenance.lasts ||
      after(begins, maintenance.begins, WEEK_MINUTES) < backup.lasts
    );
  });
}
