import { flatnessOf, type MemorySample, verdictOf } from './flatness.ts';
import type { ProcessMemory } from './memory.ts';
import type { Machine } from './report.ts';
import { table } from './table.ts';

export type SoakResults = {
  machine: Machine;
  plan: { minutes: number; perSecond: number; batch: number };
  endedEarly: boolean;
  /** From the first request to the answer to the last. */
  seconds: number;
  /** Deliveries whose enqueue request was answered. */
  accepted: number;
  /** Requests that were not, by the error's name; whether there is a delivery nobody knows. */
  refused: Record<string, number>;
  /** How far behind the plan a request was sent. */
  latestMs: number;
  /** Requests that the receiver was sent, repeats included. */
  received: number;
  /** Accepted and never received. */
  lost: number;
  someLost: string[];
  /** Deliveries by status, at the end. */
  recorded: Record<string, number>;
  highestLoad: number;
  processes: ProcessMemory[];
};

/** The local AWS keeps logs and metrics of the last hours, up to a bound, and PostgreSQL fills its caches: they are shown and not judged. */
const NOT_JUDGED = new Set(['main', 'postgres', 'other']);

export type SoakVerdict = { memory: 'flat' | 'growing' | 'too short'; faults: string[] };

/** What is wrong with a soak: nothing, if all that was accepted was received and recorded as such, and no function's memory grows. */
export function soakVerdict(results: SoakResults): SoakVerdict {
  const judged = results.processes.filter(({ role }) => !NOT_JUDGED.has(role));
  const roles = Map.groupBy(judged, ({ role }) => role);
  const verdicts = new Set([...roles.values()].map((of) => verdictOf(of.map(({ samples }) => flatnessOf(samples)))));
  const memory = (['growing', 'flat'] as const).find((verdict) => verdicts.has(verdict)) ?? 'too short';
  const { succeeded = 0, ...others } = results.recorded;
  const faults = [
    ...(results.accepted === 0 ? ['nothing was accepted'] : []),
    ...(results.lost > 0 ? [`${results.lost} deliveries were lost, among them ${results.someLost.join(', ')}`] : []),
    ...(succeeded < results.accepted ? [`${results.accepted - succeeded} are not recorded as succeeded`] : []),
    ...Object.entries(others).map(([status, count]) => `${count} are recorded as ${status}`),
    ...(memory === 'growing' ? ['the memory of a function grows'] : []),
  ];
  return { memory, faults };
}

/** The results for a terminal. */
export function soakReport(results: SoakResults): string {
  const { plan, seconds, accepted, refused, latestMs, received, lost, recorded, machine, highestLoad } = results;
  const { memory, faults } = soakVerdict(results);
  return [
    `${machine.processors} processors (${machine.processor}), Node ${machine.node}, highest load ${highestLoad.toFixed(1)}`,
    `${plan.minutes} min at ${plan.perSecond}/s, ${plan.batch} in a request${results.endedEarly ? '; ended early' : ''}`,
    table(
      ['seconds', 'accepted', 'per second', 'latest, ms', 'requests received', 'lost'],
      [
        [
          seconds.toFixed(0),
          String(accepted),
          (accepted / seconds).toFixed(1),
          latestMs.toFixed(0),
          String(received),
          String(lost),
        ],
      ],
    ),
    `recorded: ${counted(recorded)}; requests refused: ${counted(refused)}`,
    memoryTable(results.processes),
    `memory: ${memory}`,
    faults.length === 0 ? 'nothing was lost' : `wrong: ${faults.join('; ')}`,
  ].join('\n\n');
}

function memoryTable(processes: readonly ProcessMemory[]): string {
  const judged = processes.filter(({ role }) => !NOT_JUDGED.has(role));
  const others = [...NOT_JUDGED].map((role) => togetherOf(processes, role)).filter(({ samples }) => samples.length > 0);
  const rows = [...judged, ...others]
    .map(({ pid, role, samples }) => ({ pid, role, ...flatnessOf(samples) }))
    .toSorted((one, other) => one.role.localeCompare(other.role) || other.seconds - one.seconds);
  return table(
    ['process', 'pid', 'seconds', 'first, MB', 'last, MB', 'peak, MB', 'MB an hour', 'memory is'],
    rows.map((row) => [
      row.role,
      row.pid === undefined ? '' : String(row.pid),
      row.seconds.toFixed(0),
      row.firstMb.toFixed(1),
      row.lastMb.toFixed(1),
      row.peakMb.toFixed(1),
      row.mbPerHour?.toFixed(1) ?? '',
      NOT_JUDGED.has(row.role) ? `(${row.verdict})` : row.verdict,
    ]),
  );
}

/** What all processes of a role held at each moment. */
function togetherOf(
  processes: readonly ProcessMemory[],
  role: string,
): { pid: undefined; role: string; samples: MemorySample[] } {
  const bytesAt = new Map<number, number>();
  for (const { samples } of processes.filter((one) => one.role === role)) {
    for (const { atSeconds, bytes } of samples) bytesAt.set(atSeconds, (bytesAt.get(atSeconds) ?? 0) + bytes);
  }
  const samples = [...bytesAt].map(([atSeconds, bytes]) => ({ atSeconds, bytes }));
  return { pid: undefined, role, samples: samples.toSorted((one, other) => one.atSeconds - other.atSeconds) };
}

function counted(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${name} ${count}`).join(', ');
}
