import type { IncomingMessage } from 'node:http';
import { type Answer, json, plainText } from '../../console/respond.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { Dashboard } from './dashboard-body.ts';
import { answerMarkup, type CustomWidget, type FunctionAnswer, widgetEvent } from './custom-widget.ts';

const MAX_BYTES = 64 * 1024;

export type WidgetCallParts = {
  dashboards: readonly Dashboard[];
  /** Invokes a function of the stack by its ARN, as whoever looks. Never rejects. */
  invoke: (functionArn: string, event: JsonObject) => Promise<FunctionAnswer>;
};

/**
 * Asks a function for a custom widget: its own, or, for a click, the one that the `cwdb-action` names, with the parameters that stand
 * there. The answer is the markup to show.
 */
export async function answerWidgetCall(
  request: IncomingMessage,
  { dashboards, invoke }: WidgetCallParts,
  time: { nowMs: number; rangeMs: number },
): Promise<Answer> {
  const asked = await readJson(request);
  if (asked === undefined) return plainText(`This takes a JSON object of at most ${MAX_BYTES} bytes.\n`, 400);
  const dashboard = dashboards[Number(asked['dashboard'])];
  const widget = dashboard?.widgets[Number(asked['widget'])];
  if (dashboard === undefined || widget?.kind !== 'custom') return plainText('There is no such widget.\n', 404);
  const { functionArn, params } = calledBy(asked, widget);
  if (params === undefined) return json({ html: answerMarkup(NO_PARAMETERS) });
  const forms = isJsonObject(asked['forms']) ? asked['forms'] : {};
  const event = widgetEvent(params, forms, { dashboardName: dashboard.name, widget, ...time });
  return json({ html: answerMarkup(await invoke(functionArn, event)) });
}

const NO_PARAMETERS: FunctionAnswer = {
  ok: false,
  errorType: 'InvalidParameters',
  errorMessage: 'what stands in the cwdb-action is not a JSON object',
};

function calledBy({ endpoint, params }: JsonObject, widget: CustomWidget) {
  if (typeof endpoint !== 'string') return { functionArn: widget.functionArn, params: widget.params };
  return { functionArn: endpoint, params: parsed(typeof params === 'string' ? params : '') };
}

function parsed(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function readJson(request: IncomingMessage): Promise<JsonObject | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes <= MAX_BYTES) chunks.push(chunk);
  }
  const isJson = request.headers['content-type']?.split(';', 1)[0]?.trim() === 'application/json';
  return isJson && bytes <= MAX_BYTES ? parsed(Buffer.concat(chunks).toString('utf8')) : undefined;
}
