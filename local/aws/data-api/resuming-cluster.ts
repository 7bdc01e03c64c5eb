import type { Timers } from '../../timers.ts';
import { DataApiFault } from './fault.ts';

/** When a cluster of minimum capacity 0 falls asleep, and how long it takes to wake (15–30 s on AWS), ms. */
export type PauseHabit = { afterIdleMs: number; resumeMs: number };

/** A cluster that pauses when idle: the call that wakes it, and all until it is awake, fail. */
export class ResumingCluster {
  readonly #timers: Timers;
  readonly #habit: PauseHabit | undefined;
  #awakeAtMs = 0;
  #lastCallMs: number;

  constructor(timers: Timers, habit: PauseHabit | undefined) {
    this.#timers = timers;
    this.#habit = habit;
    this.#lastCallMs = timers.nowMs();
  }

  /** Lets every call fail for this long, as if the cluster had just been woken. */
  startResume(forMs: number): void {
    this.#awakeAtMs = this.#timers.nowMs() + forMs;
  }

  /** @throws DataApiFault "The Data API request automatically resumes the DB instance. Wait a few seconds and try again." */
  admitCall(): void {
    const nowMs = this.#timers.nowMs();
    const idleMs = nowMs - this.#lastCallMs;
    this.#lastCallMs = nowMs;
    if (this.#habit !== undefined && nowMs >= this.#awakeAtMs && idleMs >= this.#habit.afterIdleMs) {
      this.startResume(this.#habit.resumeMs);
    }
    if (nowMs < this.#awakeAtMs) {
      throw new DataApiFault(
        'DatabaseResumingException',
        'The Aurora DB instance is resuming after being auto-paused. Please wait a few seconds and try again.',
      );
    }
  }
}
