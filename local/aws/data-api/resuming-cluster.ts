import type { Timers } from '../../timers.ts';
import { DataApiFault } from './fault.ts';

/** When a cluster of minimum capacity 0 falls asleep, and how long it takes to wake (15–30 s on AWS), ms. */
export type PauseHabit = { afterIdleMs: number; resumeMs: number };

/** What a cluster is doing, since when, and how often it has fallen asleep and been woken so far. */
export type ClusterState = {
  state: 'awake' | 'asleep' | 'waking';
  sinceMs: number;
  woken: number;
};

/** A cluster that pauses when idle: the call that wakes it, and all until it is awake, fail. */
export class ResumingCluster {
  readonly #timers: Timers;
  readonly #habit: PauseHabit | undefined;
  #awakeAtMs: number;
  #resumedAtMs: number;
  #lastCallMs: number;
  #woken = 0;

  constructor(timers: Timers, habit: PauseHabit | undefined) {
    this.#timers = timers;
    this.#habit = habit;
    this.#lastCallMs = timers.nowMs();
    this.#awakeAtMs = this.#lastCallMs;
    this.#resumedAtMs = this.#lastCallMs;
  }

  /** Lets every call fail for this long, as if the cluster had just been woken. */
  startResume(forMs: number): void {
    this.#resumedAtMs = this.#timers.nowMs();
    this.#awakeAtMs = this.#resumedAtMs + forMs;
  }

  look(): ClusterState {
    const nowMs = this.#timers.nowMs();
    const woken = this.#woken;
    if (nowMs < this.#awakeAtMs) return { state: 'waking', sinceMs: this.#resumedAtMs, woken };
    const asleepAtMs = this.#asleepAtMs();
    if (nowMs >= asleepAtMs) return { state: 'asleep', sinceMs: asleepAtMs, woken };
    return { state: 'awake', sinceMs: this.#awakeAtMs, woken };
  }

  /** @throws DataApiFault "The Data API request automatically resumes the DB instance. Wait a few seconds and try again." */
  admitCall(): void {
    if (this.look().state === 'asleep' && this.#habit !== undefined) {
      this.#woken++;
      this.startResume(this.#habit.resumeMs);
    }
    this.#lastCallMs = this.#timers.nowMs();
    if (this.#lastCallMs < this.#awakeAtMs) {
      throw new DataApiFault(
        'DatabaseResumingException',
        'The Aurora DB instance is resuming after being auto-paused. Please wait a few seconds and try again.',
      );
    }
  }

  /** If nobody calls until then. */
  #asleepAtMs(): number {
    if (this.#habit === undefined) return Infinity;
    return Math.max(this.#lastCallMs, this.#awakeAtMs) + this.#habit.afterIdleMs;
  }
}
