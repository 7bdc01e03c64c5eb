// A process of its own for one event, as text on its standard input: `node enqueue-process.ts`. It prints what became of it
// and the most memory it ever had. Real: JSON.parse as Lambda's runtime calls it, enqueue, the store's adapter with its
// columns and shares. A double: the Data API behind it, which stores nothing and answers that it did.
import { text } from 'node:stream/consumers';
import { createDataApiAcceptStore } from '../../../shared/aws/data-api-accept-store.ts';
import { enqueueByInvoke } from '../../../shared/enqueue/enqueue-deliveries.ts';
import { enqueueFromIntake, type IntakeParts } from '../../../shared/enqueue/enqueue-from-intake.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';

type AskedDelivery = { item: number; delivery_uuid: string; organization_id: number; digest: string };

const ignore = () => undefined;

const parts: IntakeParts = {
  store: createDataApiAcceptStore({
    execute: async (_statement, parameters) => {
      const { deliveries } = parameters as { deliveries?: string };
      return (deliveries === undefined ? [] : (JSON.parse(deliveries) as AskedDelivery[])).map((asked) => ({
        item: asked.item,
        run_known: true,
        run_organization_id: asked.organization_id,
        id: asked.item + 1,
        delivery_uuid: asked.delivery_uuid,
        organization_id: asked.organization_id,
        status: 'pending',
        request_digest: asked.digest,
        scheduled_for_ms: 0,
        due_in_seconds: 0,
        attempt_count: 0,
      }));
    },
    transaction: () => Promise.reject(new Error('enqueue opens none')),
  }),
  announcements: { announceDeliveries: async () => ({ found: [] }) },
  unknownRuns: 'register',
  queue: { send: async () => ({ unsent: [] }), setAside: async () => ({ unsent: [] }) },
  intake: { postpone: async () => ({ untold: [] }) },
  rejected: { put: async () => ({ unsent: [] }) },
  clock: systemClock,
  answerWithinSeconds: 60,
  log: { info: ignore, warn: ignore, error: ignore },
  metrics: {
    count: ignore,
    deadLetters: ignore,
    milliseconds: ignore,
    seconds: ignore,
    gauge: ignore,
    standing: ignore,
    flush: ignore,
  },
  context: { judgeUrl: (url) => ({ ok: true, warnings: [], url }), defaultMaxAttempts: 5, headerPrefix: 'X-Dograh' },
};

async function handle(event: { Records?: string[] }): Promise<string> {
  const limit = { untilMonotonicMs: systemClock.monotonicMs() + 60_000 };
  if (event.Records === undefined) {
    const answer = await enqueueByInvoke(event, parts, limit);
    return 'results' in answer ? `${answer.results.filter((item) => 'delivery_id' in item).length} stored` : 'stored';
  }
  const messages = event.Records.map((body, index) => ({
    messageId: `m-${index}`,
    receiptHandle: '',
    body,
    sentAtMs: 0,
    receives: 1,
  }));
  const { comeAgain } = await enqueueFromIntake(messages, parts, limit);
  return `${messages.length - comeAgain.length} messages done`;
}

const outcome = await handle(JSON.parse(await text(process.stdin))).catch((error: Error) => error.name);
process.stdout.write(JSON.stringify({ outcome, peakMb: process.resourceUsage().maxRSS / 1024 }));
