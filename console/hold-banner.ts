import type { ConsoleParts } from './console-parts.ts';
import { type Endpoint, readEndpoints } from './endpoint-list.ts';
import { clip, type Html, html } from './html.ts';
import { toldAs } from './invoke-function.ts';
import { type LiveElement, liveElement } from './live-element.ts';
import { sharedLook } from './shared-look.ts';
import { shownTime } from './shown-time.ts';

/** How many holds the banner names. */
const NAMED = 5;
const FRESH_MS = { local: 2_000, deployed: 10_000 };

/** What an operator holds, to be said on every page: whoever wonders why nothing goes out must not have to look for it. */
export function createHoldBanner({ invoke, local, nowMs = Date.now }: ConsoleParts): () => Promise<LiveElement> {
  const freshMs = local === undefined ? FRESH_MS.deployed : FRESH_MS.local;
  const look = sharedLook(
    async () =>
      toldAs(await invoke('inspect', { action: 'endpoints', state: 'held', limit: NAMED + 1 }), readEndpoints),
    { freshMs, nowMs },
  );
  return async () => {
    // The page itself says that nothing can be asked, or that the answer is none.
    const told = await look().catch(() => undefined);
    const held = told?.ok === true ? told.value.endpoints : [];
    return liveElement({ key: 'banner', tag: 'div', className: held.length === 0 ? 'plain' : 'held' }, banner(held));
  };
}

function banner(held: readonly Endpoint[]): Html {
  if (held.length === 0) return html``;
  const everything = held.find(({ scope }) => scope === 'everything');
  const told = everything === undefined ? held.slice(0, NAMED) : [everything];
  return html`<ul aria-label="Held by an operator">
    ${told.map((one) => html`<li>${sentence(one)}</li>`)}
    ${everything === undefined && held.length > NAMED ? html`<li><a href="/endpoints?state=held">and more</a></li>` : undefined}
  </ul>`;
}

function sentence({ scope, organizationId, endpoint, heldSince, note }: Endpoint): Html {
  const what =
    scope === 'everything'
      ? html`<strong>Everything</strong>`
      : html`${scope === 'organization' ? html`Organization <strong>${organizationId}</strong>` : html`<strong><bdi>${clip(endpoint ?? '', 80)}</bdi></strong> of organization ${organizationId}`}`;
  return html`<span aria-hidden="true">‖</span> ${what} is held since ${shownTime(heldSince, 'clock')}: nothing of it
    goes out, nothing is lost.${note === undefined || note === '' ? undefined : html` <bdi>${clip(note, 200)}</bdi>`}
    <a href="/endpoints?state=held">Endpoints</a>`;
}
