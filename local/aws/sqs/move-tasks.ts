import { randomUUID } from 'node:crypto';
import type { Timers } from '../../timers.ts';
import { redrivenMessage } from './message.ts';
import type { Queue } from './queue.ts';
import type { Queues } from './queues.ts';
import { invalidParameter, plainError } from './sqs-error.ts';

export type MoveTask = {
  handle: string;
  sourceArn: string;
  destinationArn: string | undefined;
  /** 1-500; undefined: as fast as it goes, which here is at once. */
  messagesPerSecond: number | undefined;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  toMove: number;
  moved: number;
  failureReason: string | undefined;
  startedAtMs: number;
};

/** ListMessageMoveTasks: "The maximum number of results … is 10". */
const KEPT_TASKS = 10;
const SECOND_MS = 1_000;

/** Redrives of dead-letter queues. */
export class MoveTasks {
  readonly #queues: Queues;
  readonly #timers: Timers;
  #tasks: MoveTask[] = [];

  constructor(queues: Queues, timers: Timers) {
    this.#queues = queues;
    this.#timers = timers;
  }

  /**
   * Moves the visible messages of the dead-letter queue `sourceArn` to `destinationArn`, or each to the queue it came from;
   * the first ones at once. Throws SqsError for an unknown queue, for one that is not the dead-letter queue of any other, and
   * while another task of the same queue runs.
   */
  start(asked: Pick<MoveTask, 'sourceArn' | 'destinationArn' | 'messagesPerSecond'>): MoveTask {
    const source = this.#find(asked.sourceArn, 'SourceArn');
    const destination =
      asked.destinationArn === undefined ? undefined : this.#find(asked.destinationArn, 'DestinationArn');
    if (!this.#queues.all().some((queue) => queue.settings.redrive?.deadLetterTargetArn === source.arn)) {
      throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
    }
    if (this.#tasks.some(({ sourceArn, status }) => sourceArn === source.arn && status === 'RUNNING')) {
      throw invalidParameter(
        'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
      );
    }
    const task: MoveTask = {
      ...asked,
      handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString('base64'),
      status: 'RUNNING',
      toMove: source.depth().visible,
      moved: 0,
      failureReason: undefined,
      startedAtMs: this.#timers.nowMs(),
    };
    this.#tasks = [task, ...this.#tasks].slice(0, KEPT_TASKS);
    this.#run(task, source, destination);
    return task;
  }

  /** How many messages it has moved, which stay where they are. Throws SqsError for a task that does not run. */
  cancel(handle: string): number {
    const task = this.#tasks.find((candidate) => candidate.handle === handle);
    if (task?.status !== 'RUNNING') throw plainError('ResourceNotFoundException', 'Task does not exist.');
    task.status = 'CANCELLED';
    return task.moved;
  }

  /** Latest first. Throws SqsError for an unknown queue. */
  list(sourceArn: string): MoveTask[] {
    this.#find(sourceArn, 'SourceArn');
    return this.#tasks.filter((task) => task.sourceArn === sourceArn);
  }

  /** A second's share now, and the rest a second later. */
  #run(task: MoveTask, source: Queue, destination: Queue | undefined): void {
    if (task.status !== 'RUNNING') return;
    const share = Math.min(task.messagesPerSecond ?? Infinity, task.toMove - task.moved);
    const moved = this.#move({ source, destination, limit: share });
    task.moved += moved;
    if (task.moved < task.toMove && moved === share) {
      this.#timers.after(SECOND_MS, () => this.#run(task, source, destination));
      return;
    }
    task.status = task.moved === task.toMove ? 'COMPLETED' : 'FAILED';
    if (task.status === 'FAILED') task.failureReason = 'CouldNotDetermineMessageSource';
  }

  /** A message that was sent to the dead-letter queue directly has no source to go back to, and stays. */
  #move({ source, destination, limit }: { source: Queue; destination: Queue | undefined; limit: number }): number {
    const targetOf = (message: { sourceArn: string | undefined }): Queue | undefined =>
      destination ?? (message.sourceArn === undefined ? undefined : this.#queues.byArn(message.sourceArn));
    let left = limit;
    const messages = source.drain((message) => targetOf(message) !== undefined && left-- > 0);
    for (const message of messages) targetOf(message)?.adopt(redrivenMessage(message, this.#timers.nowMs()));
    return messages.length;
  }

  #find(arn: string, parameter: string): Queue {
    const queue = this.#queues.byArn(arn);
    if (queue !== undefined) return queue;
    throw plainError(
      'ResourceNotFoundException',
      `The resource that you specified for the ${parameter} parameter doesn't exist.`,
    );
  }
}
