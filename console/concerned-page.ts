import { type Answered, idAt, listAt, numberAt, objectOf, textAt } from './answer-values.ts';
import { type DeliverySearch, searchQuery } from './delivery-search.ts';
import { hostOfUrl } from './endpoint-view.ts';
import { faultCallout, statusOf } from './fault-words.ts';
import { clip, type Html, html } from './html.ts';
import type { Told } from './invoke-function.ts';
import type { View } from './layout.ts';

/** Deliveries of one organization to one origin. */
type Concerned = { organizationId: string | undefined; endpoint: string | undefined; count: number };

export type ConcernedCount = {
  groups: readonly Concerned[];
  matched: number;
  /** Groups that are not told. */
  moreGroups: number;
  /** Counting ended before the end was reached. */
  isLowerBound: boolean;
};

/** Reads the answer to `count` by organization and endpoint. */
export function readConcerned(answer: unknown): ConcernedCount {
  const answered = objectOf(answer);
  return {
    groups: listAt(answered, 'counts').map((entry) => readGroup(objectOf(entry))),
    matched: numberAt(answered, 'matched') ?? 0,
    moreGroups: numberAt(answered, 'more_groups') ?? 0,
    isLowerBound: answered['complete'] === false,
  };
}

function readGroup(entry: Answered): Concerned {
  return {
    organizationId: idAt(entry, 'organization'),
    endpoint: textAt(entry, 'endpoint'),
    count: numberAt(entry, 'count') ?? 0,
  };
}

/** Whose deliveries a list shows, and where they go: the most first. Each number leads to its list. */
export function concernedPage(told: Told<ConcernedCount>, search: DeliverySearch): View {
  return {
    title: 'Who is concerned',
    place: 'deliveries',
    status: told.ok ? 200 : statusOf(told.fault),
    content: html`<p class="crumbs"><a href="/${searchQuery(search)}">Back to the list</a></p>
      <h1>Who is concerned</h1>
      ${told.ok ? table(told.value, search) : faultCallout(told.fault)}`,
  };
}

function table({ groups, matched, moreGroups, isLowerBound }: ConcernedCount, search: DeliverySearch): Html {
  const organizations = new Set(groups.map(({ organizationId }) => organizationId)).size;
  const least = isLowerBound ? 'at least ' : '';
  if (groups.length === 0) return html`<p class="empty">Nobody: no delivery matches.</p>`;
  return html`<p>
      ${`${least}${grouped(matched)} ${matched === 1 ? 'delivery' : 'deliveries'} of ${least}${grouped(organizations)} ${organizations === 1 ? 'organization' : 'organizations'}.`}
    </p>
    <table class="concerned">
      <thead>
        <tr>
          <th scope="col">Organization</th>
          <th scope="col">Endpoint</th>
          <th scope="col" class="figure">Deliveries</th>
        </tr>
      </thead>
      <tbody>
        ${groups.map((group) => row(group, search))}
      </tbody>
    </table>
    ${moreGroups > 0 ? html`<p class="remark">And ${grouped(moreGroups)} more with fewer deliveries.</p>` : undefined}`;
}

function row({ organizationId, endpoint = '', count }: Concerned, search: DeliverySearch): Html {
  const host = hostOfUrl(endpoint);
  // A text that names a host already says more than this would.
  const text = host === undefined || search.text !== '' ? search.text : `host:${host}`;
  const link = searchQuery(search, { organizationId, text, after: undefined });
  return html`<tr>
    <td>${organizationId ?? html`<span class="none">beyond 2^53</span>`}</td>
    <td><bdi class="origin">${clip(endpoint, 80)}</bdi></td>
    <td class="figure"><a href="/${link}">${grouped(count)}</a></td>
  </tr>`;
}

function grouped(figure: number): string {
  return figure.toLocaleString('en-US');
}
