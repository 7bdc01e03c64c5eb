import type { IncomingMessage } from 'node:http';
import { idAt, listAt, objectOf } from './answer-values.ts';
import type { ConsoleParts, LocalParts, Route, Shown } from './console-parts.ts';
import { answerLine, type InvokeResult } from './invoke-function.ts';
import { messageView } from './layout.ts';
import { json, seeOther } from './respond.ts';
import { sendPage } from './send-page.ts';
import { faultsByField, freshForm, readForm, toEnqueueRequest } from './send-request.ts';

/** What can be done only with a stack on this machine. */
export function createLocalActions(
  { demoReceiver }: LocalParts,
  { invoke, origin }: Pick<ConsoleParts, 'invoke' | 'origin'>,
): Route[] {
  const demo = demoReceiver.choices;
  return [
    { path: /^\/send$/, post: async ({ fields, reader }) => sendTest(fields, reader.nowMs) },
    {
      path: /^\/console\/sweep$/,
      post: async ({ request }) => told(request, await invoke('sweep', {}), 'Swept.'),
    },
  ];

  async function sendTest(fields: URLSearchParams, nowMs: number): Promise<Shown> {
    const form = readForm(fields);
    const made = toEnqueueRequest(form, nowMs);
    if (!made.ok) {
      const result = { kind: 'refused', errorType: 'Not sent.', faults: made.faults } as const;
      return { view: sendPage({ form, origin, demo, result }) };
    }
    const answered = await invoke('enqueue', made.request);
    if (!answered.ok) {
      const faults = faultsByField(answered.errorMessage);
      const result = { kind: 'refused', errorType: answered.errorType, faults } as const;
      return { view: sendPage({ form, origin, demo, result }) };
    }
    const answer = objectOf(answered.answer);
    const deliveryId = idAt(answer, 'delivery_id') ?? '';
    const created = answer['created'] === true;
    const warnings = listAt(answer, 'warnings').map(String);
    if (created && warnings.length === 0) return { answer: seeOther(`/deliveries/${deliveryId}`) };
    const result = { kind: 'accepted', deliveryId, created, warnings } as const;
    return { view: sendPage({ form: freshForm(form.endpoint_url), origin, demo, result }) };
  }
}

/** As JSON for the page's script, which shows it in place; otherwise as a page. */
function told(request: IncomingMessage, result: InvokeResult, done: string): Shown {
  const message = result.ok ? `${done} ${answerLine(result.answer)}` : `${result.errorType}: ${result.errorMessage}`;
  const status = result.ok ? 200 : 422;
  if (request.headers.accept === 'application/json') return { answer: json({ ok: result.ok, message }, status) };
  return { view: messageView(result.ok ? 'Done' : 'It failed', message, status) };
}
