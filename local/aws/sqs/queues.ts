import type { Timers } from '../../timers.ts';
import type { QueueSettings } from './queue-settings.ts';
import { Queue } from './queue.ts';

export type QueueDefinition = Pick<
  QueueSettings,
  'delaySeconds' | 'visibilityTimeoutSeconds' | 'retentionSeconds' | 'maximumMessageBytes'
> & {
  name: string;
  /** 0-20, default 0. */
  receiveWaitSeconds?: number | undefined;
  redrive?: QueueSettings['redrive'];
  /** `Policy`, `KmsMasterKeyId` and the like. */
  inert?: QueueSettings['inert'];
};

export type Queues = {
  /** Throws for a name that is taken, as CloudFormation would. */
  add(definition: QueueDefinition): Queue;
  /** By the path alone: a container, a proxy or a tunnel may reach this machine by another host and port. */
  byUrl(url: string): Queue | undefined;
  byArn(arn: string): Queue | undefined;
  byName(name: string): Queue | undefined;
  /** In the order they were added. */
  all(): Queue[];
};

/** `baseUrl` is e.g. `http://127.0.0.1:4566`. */
export type QueuePlace = { timers: Timers; accountId: string; region: string; baseUrl: string };

/** The queues of one account and region, in memory only. */
export function createQueues(place: QueuePlace): Queues {
  const arnPrefix = `arn:aws:sqs:${place.region}:${place.accountId}:`;
  const pathPrefix = `/${place.accountId}/`;
  const byName = new Map<string, Queue>();

  const queueOfArn = (arn: string): Queue | undefined =>
    arn.startsWith(arnPrefix) ? byName.get(arn.slice(arnPrefix.length)) : undefined;

  return {
    add({ name, receiveWaitSeconds = 0, redrive, inert = {}, ...settings }) {
      if (byName.has(name)) throw new Error(`there is a queue named ${name} already`);
      const queue = new Queue(
        { name, arn: arnPrefix + name, url: place.baseUrl + pathPrefix + name },
        { ...settings, receiveWaitSeconds, redrive, inert },
        { timers: place.timers, deadLetterQueue: queueOfArn },
      );
      byName.set(name, queue);
      return queue;
    },
    byUrl(url) {
      const path = URL.parse(url, place.baseUrl)?.pathname ?? '';
      return path.startsWith(pathPrefix) ? byName.get(path.slice(pathPrefix.length)) : undefined;
    },
    byArn: queueOfArn,
    byName: (name) => byName.get(name),
    all: () => [...byName.values()],
  };
}
