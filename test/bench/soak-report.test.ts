// What a soak says at its end. Nothing runs here: the results are made up.
import { describe, expect, it } from 'vitest';
import { type SoakResults, soakReport, soakVerdict } from '../../bench/soak-report.ts';

const MB = 1024 ** 2;

function held(role: string, heldMb: (atSeconds: number) => number, pid = 1) {
  const samples = Array.from({ length: 361 }, (_, index) => ({
    atSeconds: index * 10,
    bytes: heldMb(index * 10) * MB,
  }));
  return { pid, role, samples };
}

function soaked(more: Partial<SoakResults> = {}): SoakResults {
  return {
    machine: { processors: 2, processor: 'any', memoryGb: 8, platform: 'linux x64', node: 'v24.0.0' },
    plan: { minutes: 60, perSecond: 100, batch: 1 },
    endedEarly: false,
    seconds: 3600,
    accepted: 360_000,
    refused: {},
    latestMs: 12,
    received: 360_000,
    lost: 0,
    someLost: [],
    recorded: { succeeded: 360_000 },
    highestLoad: 1.5,
    processes: [held('deliver', () => 70), held('enqueue', () => 60)],
    ...more,
  };
}

describe('a soak', () => {
  it('with all received and recorded and flat memory has no fault', () => {
    expect(soakVerdict(soaked())).toStrictEqual({ memory: 'flat', faults: [] });
    expect(soakReport(soaked())).toContain('nothing was lost');
  });

  it('does not blame the local AWS and its database, which keep what an hour brings', () => {
    const growing = [held('main', (at) => 100 + at / 10), held('postgres', (at) => at / 10)];
    expect(soakVerdict(soaked({ processes: [...growing, held('deliver', () => 70)] }))).toStrictEqual({
      memory: 'flat',
      faults: [],
    });
  });

  it('does not judge one function by another', () => {
    const processes = [held('deliver', () => 70), held('enqueue', (at) => 30 + at / 100, 2)];
    expect(soakVerdict(soaked({ processes })).memory).toBe('growing');
  });

  it.each<[what: string, more: Partial<SoakResults>, fault: string]>([
    ['that lost a delivery names it', { lost: 1, someLost: ['7d1a'] }, '1 deliveries were lost, among them 7d1a'],
    [
      'whose deliveries are not recorded says how many',
      { recorded: { succeeded: 359_000, pending: 1_000 } },
      '1000 are not recorded as succeeded; 1000 are recorded as pending',
    ],
    ['in which nothing was accepted shows nothing', { accepted: 0, recorded: {} }, 'nothing was accepted'],
    [
      'in which one process of many grows is not flat',
      { processes: [held('deliver', () => 70), held('deliver', (at) => 70 + at / 100, 2)] },
      'the memory of a function grows',
    ],
  ])('%s', (_what, more, fault) => {
    expect(soakVerdict(soaked(more)).faults.join('; ')).toBe(fault);
    expect(soakReport(soaked(more))).toContain(`wrong: ${fault}`);
  });

  it('shows the many processes of the database as one', () => {
    const backends = [held('postgres', () => 2, 11), held('postgres', () => 3, 12)];
    const [line, ...more] = soakReport(soaked({ processes: [...backends, held('deliver', () => 70)] }))
      .split('\n')
      .filter((one) => one.startsWith('postgres'));
    expect(line).toMatch(/^postgres\s+3600\s+5\.0\s+5\.0\s+5\.0\s+0\.0\s+\(flat\)$/);
    expect(more).toEqual([]);
  });
});
