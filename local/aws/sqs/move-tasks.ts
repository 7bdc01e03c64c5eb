import type { Timers } from '../../timers.ts';
import { redrivenMessage } from './message.ts';
import type { Queue } from './queue.ts';
import type { Queues } from './queues.ts';
import { invalidParameter, plainError } from './sqs-error.ts';

export type MoveTask = {
  handle: string;
  sourceArn: string;
  destinationArn: string | undefined;
  messagesPerSecond: number | undefined;
  status: 'COMPLETED' | 'FAILED';
  toMove: number;
  moved: number;
  failureReason: string | undefined;
  startedAtMs: number;
};

/** ListMessageMoveTasks: "The maximum number of results … is 10". */
const KEPT_TASKS = 10;

/** Redrives of dead-letter queues. A task is over when `start` returns, whatever rate was asked for. */
export class MoveTasks {
  readonly #queues: Queues;
  readonly #timers: Timers;
  #tasks: MoveTask[] = [];

  constructor(queues: Queues, timers: Timers) {
    this.#queues = queues;
    this.#timers = timers;
  }

  /**
   * Moves the visible messages of the dead-letter queue `sourceArn` to `destinationArn`, or each to the queue it came from.
   * Throws SqsError for an unknown queue and for a queue that is not the dead-letter queue of any other.
   */
  start(asked: Pick<MoveTask, 'sourceArn' | 'destinationArn' | 'messagesPerSecond'>): MoveTask {
    const source = this.#find(asked.sourceArn, 'SourceArn');
    const destination =
      asked.destinationArn === undefined ? undefined : this.#find(asked.destinationArn, 'DestinationArn');
    if (!this.#queues.all().some((queue) => queue.settings.redrive?.deadLetterTargetArn === source.arn)) {
      throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
    }
    const startedAtMs = this.#timers.nowMs();
    const toMove = source.depth().visible;
    const moved = this.#move(source, destination);
    const task: MoveTask = {
      ...asked,
      handle: Buffer.from(JSON.stringify({ sourceArn: source.arn, startedAtMs })).toString('base64'),
      status: moved === toMove ? 'COMPLETED' : 'FAILED',
      toMove,
      moved,
      failureReason: moved === toMove ? undefined : 'CouldNotDetermineMessageSource',
      startedAtMs,
    };
    this.#tasks = [task, ...this.#tasks].slice(0, KEPT_TASKS);
    return task;
  }

  /** Latest first. Throws SqsError for an unknown queue. */
  list(sourceArn: string): MoveTask[] {
    this.#find(sourceArn, 'SourceArn');
    return this.#tasks.filter((task) => task.sourceArn === sourceArn);
  }

  /** A message that was sent to the dead-letter queue directly has no source to go back to, and stays. */
  #move(source: Queue, destination: Queue | undefined): number {
    const targetOf = (message: { sourceArn: string | undefined }): Queue | undefined =>
      destination ?? (message.sourceArn === undefined ? undefined : this.#queues.byArn(message.sourceArn));
    const messages = source.drain((message) => targetOf(message) !== undefined);
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
