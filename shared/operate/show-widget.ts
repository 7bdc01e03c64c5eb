import type { Clock } from '../runtime/clock.ts';
import { readDashboardEvent } from './dashboard-event.ts';
import { drawWidget } from './draw-widget.ts';
import type { Inspector } from './inspector.ts';
import { gatherWidgetFacts } from './widget-facts.ts';

export type WidgetParts = { inspector: Inspector; operateArn: string; clock: Clock };

/** What the editor of a dashboard shows beside the widget. */
const DOCUMENTATION = `## Surehook: dead letters, and endpoints that are down

Shows which endpoints are down or held, who has dead letters of the time that the dashboard shows, and the newest dead letters.

*Redeliver*, *Hold* and *Resume* ask first. They invoke the function operate with the rights of whoever is signed in, who therefore needs
\`lambda:InvokeFunction\` on it; without it the widget can be looked at, and nothing can be changed.

It takes no parameters.
`;

const ANYWHERE = { dashboardName: '', shownFromMs: undefined, shownUntilMs: undefined };

/** Answers one event of the widget's function, as text for CloudWatch. Never rejects. */
export async function showWidget(event: unknown, { inspector, operateArn, clock }: WidgetParts): Promise<string> {
  const asked = readDashboardEvent(event);
  if (asked?.kind === 'describe') return DOCUMENTATION;
  return drawWidget(await gatherWidgetFacts(inspector, asked?.context ?? ANYWHERE, clock.nowMs()), operateArn);
}
