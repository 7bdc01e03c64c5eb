import { setTimeout as pause } from 'node:timers/promises';
import { connectToStack, InvokeFailed, type StackClient, type Webhook } from '../../bench/stack-client.ts';
import type { StartedStack } from '../support/stack/stack-process.ts';

/** An upstream service that repeats its request until it is accepted, as idempotency allows it to. */
export type PersistentCaller = {
  /** By `webhook_node_id`, the uuid that its first acceptance named. */
  accepted: ReadonlyMap<string, string>;
  /** Acceptances that named another uuid than an earlier one for the same key. */
  contradictions: readonly string[];
  /** Requests that failed and were repeated. */
  repeats: () => number;
  enqueue(webhooks: readonly Webhook[]): Promise<void>;
};

const PAUSE_MS = 250;
const GIVE_UP_MS = 180_000;
/** What a caller may not take for a passing fault. */
const REFUSALS = new Set(['InvalidRequest', 'PayloadTooLarge', 'OrganizationMismatch', 'WorkflowRunNotFound']);

export function persistentCaller(stack: () => StartedStack | undefined): PersistentCaller {
  const accepted = new Map<string, string>();
  const contradictions: string[] = [];
  let repeats = 0;

  async function tryOnce(webhooks: readonly Webhook[]): Promise<boolean> {
    const running = stack();
    if (running === undefined) return false;
    const client = connectToStack(running.endpoints);
    try {
      const uuids = await client.enqueueBatch(webhooks);
      webhooks.forEach(({ webhook_node_id }, index) => note(webhook_node_id, uuids[index] ?? ''));
      return true;
    } catch (error) {
      if (error instanceof InvokeFailed && REFUSALS.has(error.errorType)) throw error;
      return false;
    } finally {
      client.close();
    }
  }

  function note(key: string, uuid: string): void {
    const earlier = accepted.get(key);
    if (earlier !== undefined && earlier !== uuid) contradictions.push(`${key}: ${earlier}, then ${uuid}`);
    accepted.set(key, uuid);
  }

  return {
    accepted,
    contradictions,
    repeats: () => repeats,
    async enqueue(webhooks) {
      const untilMs = Date.now() + GIVE_UP_MS;
      while (!(await tryOnce(webhooks))) {
        if (Date.now() > untilMs) throw new Error('a request was not accepted for minutes');
        repeats += 1;
        await pause(PAUSE_MS);
      }
    },
  };
}

/** Asks until there is an answer; undefined while there is no stack or it fails. */
export async function asked<Answer>(
  stack: () => StartedStack | undefined,
  question: (client: StackClient) => Promise<Answer>,
): Promise<Answer | undefined> {
  const running = stack();
  if (running === undefined) return undefined;
  const client = connectToStack(running.endpoints, 3);
  try {
    return await question(client);
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}
