import { type Html, html } from './html.ts';

/** The stack that runs here, by its physical names. */
export type ConsoleStack = {
  region: string;
  /** By their file's name: `enqueue`, `deliver`, `sweep`, … */
  functions: Readonly<Record<string, string>>;
  /** By role: `intake`, `intakeDeadLetters`, `delivery`, `deliveryDeadLetters`. */
  queues: Readonly<Record<string, string>>;
};

type Place = 'deliveries' | 'orders' | 'events' | 'send' | 'demo' | 'dashboard' | 'elsewhere';

/** The stylesheet that a page uses besides `shared.css`, by its name in `assets/`. */
const SHEETS: Readonly<Record<Place, string>> = {
  deliveries: 'console',
  orders: 'console',
  events: 'console',
  send: 'console',
  elsewhere: 'console',
  demo: 'demo',
  dashboard: 'dashboard',
};

const NAVIGATION: readonly { place: Place; path: string; label: string }[] = [
  { place: 'deliveries', path: '/', label: 'Deliveries' },
  { place: 'orders', path: '/orders', label: 'Orders' },
  { place: 'events', path: '/events', label: 'Events' },
  { place: 'send', path: '/send', label: 'Send a test' },
  { place: 'demo', path: '/demo-receiver', label: 'Demo receiver' },
  { place: 'dashboard', path: '/dashboard', label: 'Dashboard' },
];

/** A whole page. `refresh` is the path of its live content, which is requested while the page is open. */
export function layout(about: { title: string; place: Place; refresh?: string }, content: Html): Html {
  const { title, place, refresh } = about;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Surehook</title>
<link rel="icon" type="image/svg+xml" href="/console/assets/favicon.svg">
<link rel="stylesheet" href="/console/assets/shared.css">
<link rel="stylesheet" href="/console/assets/${SHEETS[place]}.css">
<script src="/console/assets/console.js" defer></script>
</head>
<body${refresh === undefined ? undefined : html` data-refresh="${refresh}"`}>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<a class="brand" href="/"><img src="/console/assets/favicon.svg" alt="" width="20" height="20">Surehook<span class="twin">local</span></a>
<nav aria-label="Console">${NAVIGATION.map(
    (entry) =>
      html`<a href="${entry.path}" ${entry.place === place ? html` aria-current="page"` : undefined}
        >${entry.label}</a
      >`,
  )}</nav>
<div class="tools">
${refresh === undefined ? undefined : html`<span class="pulse" data-pulse hidden>live</span>`}
</div>
</header>
<p class="notice" data-notice role="status" hidden></p>
<p class="unseen" data-announce aria-live="polite"></p>
<main id="content" tabindex="-1">
${content}
</main>
</body>
</html>
`;
}

/** For a request that failed, is not allowed, or asks for something that does not exist. */
export function messagePage(title: string, message: string): Html {
  return layout(
    { title, place: 'elsewhere' },
    html`<h1>${title}</h1>
      <p>${message}</p>
      <p><a href="/">All deliveries</a></p>`,
  );
}
