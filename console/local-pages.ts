import type { ConsoleParts, LocalParts, Route } from './console-parts.ts';
import { demoReceiverContent, demoReceiverPage } from './demo-receiver-page.ts';
import { eventsContent, eventsPage } from './events-page.ts';
import { html } from './html.ts';
import { sendPage } from './send-page.ts';
import { freshForm } from './send-request.ts';

/** Pages of what only a stack on this machine has. */
export function createLocalPages(
  { demoReceiver, events }: LocalParts,
  { origin }: Pick<ConsoleParts, 'origin'>,
): Route[] {
  const demo = demoReceiver.choices;
  return [
    {
      path: /^\/send$/,
      get: async ({ query }) => {
        const to = query.get('to') ?? '/demo/ok';
        const form = freshForm(to.startsWith('/demo/') ? `${origin}${to}` : to);
        return { view: sendPage({ form, origin, demo }) };
      },
    },
    { path: /^\/events$/, get: async () => ({ view: eventsPage(events()) }) },
    { path: /^\/console\/events-shown\.json$/, get: async () => ({ live: eventsContent(events()) }) },
    { path: /^\/demo-receiver$/, get: async () => ({ view: demoReceiverPage(demoReceiver) }) },
    {
      path: /^\/console\/demo-receiver\.json$/,
      get: async () => ({ live: demoReceiverContent(demoReceiver) }),
    },
    // If the template has a dashboard, local/dashboard answers before this.
    {
      path: /^\/dashboard$/,
      get: async () => ({
        view: {
          title: 'Dashboard',
          place: 'dashboard',
          content: html`<h1>Dashboard</h1>
            <p class="empty">This stack has no dashboard.</p>`,
        },
      }),
    },
  ];
}
