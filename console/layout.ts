import { type Html, html } from './html.ts';
import { UTC, type Zone } from './time-zone.ts';

type Place = 'deliveries' | 'endpoints' | 'orders' | 'events' | 'send' | 'demo' | 'dashboard' | 'elsewhere';

/** A page without what stands around every page. `refresh` is the path of its live content, which is requested while it is open. */
export type View = { title: string; place: Place; refresh?: string; status?: number; content: Html };

/** What stands around a page. */
export type Shell = {
  /** For people: which stack this is. */
  stack: string;
  isLocal: boolean;
  /** Page of the dashboard. */
  dashboard: string | undefined;
  zone: Zone;
  /** What an operator holds now, which is said on every page. */
  banner?: Html | undefined;
};

export const LOCAL_SHELL: Shell = { stack: 'local', isLocal: true, dashboard: '/dashboard', zone: UTC };

/** A stack on this machine costs nothing to ask; a deployed one is asked less often, and its database may want to sleep. */
const REFRESH_MS = { local: 2_000, deployed: 10_000 };

/** The stylesheet that a page uses besides `shared.css`, by its name in `assets/`. */
const SHEETS: Readonly<Record<Place, string>> = {
  deliveries: 'console',
  endpoints: 'console',
  orders: 'console',
  events: 'console',
  send: 'console',
  elsewhere: 'console',
  demo: 'demo',
  dashboard: 'dashboard',
};

type Entry = { place: Place; path: string; label: string };

const EVERYWHERE: readonly Entry[] = [
  { place: 'deliveries', path: '/', label: 'Deliveries' },
  { place: 'endpoints', path: '/endpoints', label: 'Endpoints' },
  { place: 'orders', path: '/orders', label: 'Orders' },
];
const LOCAL_ONLY: readonly Entry[] = [
  { place: 'events', path: '/events', label: 'Events' },
  { place: 'send', path: '/send', label: 'Send a test' },
  { place: 'demo', path: '/demo-receiver', label: 'Demo receiver' },
];

/** A whole page. */
export function layout(view: Omit<View, 'content'>, content: Html, shell: Shell = LOCAL_SHELL): Html {
  const { title, place, refresh } = view;
  const { stack, isLocal } = shell;
  const refreshMs = isLocal ? REFRESH_MS.local : REFRESH_MS.deployed;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Surehook${isLocal ? undefined : ` · ${stack}`}</title>
<link rel="icon" type="image/svg+xml" href="/console/assets/favicon.svg">
<link rel="stylesheet" href="/console/assets/shared.css">
<link rel="stylesheet" href="/console/assets/${SHEETS[place]}.css">
<script src="/console/assets/console.js" defer></script>
</head>
<body${refresh === undefined ? undefined : html` data-refresh="${refresh}" data-refresh-ms="${refreshMs}"`}>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<a class="brand" href="/"><img src="/console/assets/favicon.svg" alt="" width="20" height="20">Surehook<span class="twin">${stack}</span></a>
<nav aria-label="Console">${navigation(place, shell)}</nav>
<div class="tools">
${refresh === undefined ? undefined : html`<span class="pulse" data-pulse hidden>live</span>`}
${zoneSwitch(shell.zone)}
</div>
</header>
<p class="notice" data-notice role="status" hidden></p>
<p class="unseen" data-announce aria-live="polite"></p>
${shell.banner}
<main id="content" tabindex="-1">
${content}
</main>
</body>
</html>
`;
}

function navigation(place: Place, { isLocal, dashboard }: Shell): Html {
  const entries: Entry[] = [
    ...EVERYWHERE,
    ...(isLocal ? LOCAL_ONLY : []),
    ...(dashboard === undefined ? [] : [{ place: 'dashboard' as const, path: dashboard, label: 'Dashboard' }]),
  ];
  return html`${entries.map(
    (entry) =>
      html`<a href="${entry.path}" ${entry.place === place ? html` aria-current="page"` : undefined}
        >${entry.label}</a
      >`,
  )}`;
}

/** The script puts the browser's zone in the place of `local`; without it the server's is meant, which is the same machine. */
function zoneSwitch(zone: Zone): Html {
  const pressed = (isPressed: boolean): string => (isPressed ? 'true' : 'false');
  return html`<form class="zone" method="post" action="/console/zone" role="group" aria-label="Times in">
    <button name="zone" value="UTC" aria-pressed="${pressed(zone === UTC)}">UTC</button
    ><button
      name="zone"
      value="local"
      data-local-zone
      aria-pressed="${pressed(zone !== UTC)}"
      title="${zone === UTC ? 'the zone of this browser' : zone}"
    >
      Local
    </button>
  </form>`;
}

/** For a request that failed, is not allowed, or asks for something that does not exist. */
export function messageView(title: string, message: Html | string, status: number): View {
  return {
    title,
    place: 'elsewhere',
    status,
    content: html`<h1>${title}</h1>
      ${typeof message === 'string' ? html`<p>${message}</p>` : message}
      <p><a href="/">All deliveries</a></p>`,
  };
}
