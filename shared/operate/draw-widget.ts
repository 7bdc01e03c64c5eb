import { clip, type Html, html } from '../runtime/html.ts';
import { explainEnd, span } from './explain-end.ts';
import { widgetButton } from './widget-button.ts';
import { type Facts, numberOf, type Part, type WidgetFacts } from './widget-facts.ts';

/** Deliveries a second for each host, if a button redelivers many: the default of an order, said aloud. */
const PER_SECOND = 10;
const MAX_NAME_CHARACTERS = 60;
const MAX_ORIGIN_CHARACTERS = 80;

type Drawing = { facts: WidgetFacts; operateArn: string };

/** The widget as a CloudWatch dashboard shows it. Its buttons call operate, with the rights of whoever clicks. */
export function drawWidget(facts: WidgetFacts, operateArn: string): string {
  const drawing = { facts, operateArn };
  const { troubled, concerned, deadLetters, range, drawnAtMs } = facts;
  return html`<style>
      .surehook td,
      .surehook th {
        text-align: left;
        vertical-align: top;
      }
      .surehook td.number {
        text-align: right;
      }
    </style>
    <div class="surehook">
      <h3>Endpoints that are down, and what is held</h3>
      ${shown(troubled, (value) => troubledTable(value, drawing))}
      <h3>Who has dead letters of ${utc(range.sinceMs)} to ${utc(range.untilMs)}</h3>
      ${shown(concerned, (value) => concernedTable(value, drawing))}
      <h3>Newest dead letters that nobody has dealt with</h3>
      ${shown(deadLetters, (value) => deadLetterTable(value, drawing))}
      <p>
        As of ${utc(drawnAtMs)}. Each button asks first, and gives one order however often it is pressed; refresh the
        widget before the next. More: <code>surehook list</code>, <code>show</code>, <code>endpoints</code>.
      </p>
    </div>`.text;
}

/** One part that cannot be shown leaves the others alone. */
function shown<Value>(part: Part<Value>, draw: (value: Value) => Html): Html {
  return part.ok ? draw(part.value) : html`<p><strong>Not known:</strong> ${part.because}</p>`;
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  return html`<table>
    <tr>
      ${heads.map((head) => html`<th>${head}</th>`)}
    </tr>
    ${rows}
  </table>`;
}

function troubledTable(
  { rows, total, isAll }: { rows: readonly Facts[]; total: number; isAll: boolean },
  { facts, operateArn }: Drawing,
): Html {
  if (total === 0) return html`<p>None: every endpoint answers, and nothing is held.</p>`;
  const count = `${isAll ? '' : 'at least '}${grouped(total)}`;
  const more = rows.length < total || !isAll;
  return html`${more ? html`<p>${rows.length} of ${count}, those that hold most: <code>surehook endpoints</code> lists all.</p>` : undefined}
  ${table(
    ['What', 'Organization', 'State', 'Since', 'Deliveries held', 'Why', ''],
    rows.map((row) => {
      const isHeld = row['state'] === 'held';
      return html`<tr>
        <td>${covered(row)}</td>
        <td class="number">${idOf(row['organization_id'])}</td>
        <td>${isHeld ? 'held' : 'down'}</td>
        <td>${utcOf(row[isHeld ? 'held_since' : 'down_since'], facts.drawnAtMs)}</td>
        <td class="number">${grouped(numberOf(row['held_deliveries']))}</td>
        <td>${isHeld ? clip(textOf(row['note']), MAX_NAME_CHARACTERS) : failing(row)}</td>
        <td>${holdButton(row, isHeld ? 'resume' : 'hold', { facts, operateArn })}</td>
      </tr>`;
    }),
  )}`;
}

function covered(row: Facts): string {
  switch (row['scope']) {
    case 'everything':
      return 'everything';
    case 'organization':
      return 'all of the organization';
    case 'origin':
      return `all of ${originOf(row)}`;
    default:
      return `one URL of ${originOf(row)}`;
  }
}

function failing({ failures, last_error_class: last, next_probe_at: probe }: Facts): string {
  const next = typeof probe === 'string' ? `; next probe ${utcOf(probe)}` : '';
  return `${grouped(numberOf(failures))} failures in a row, the last: ${textOf(last) || 'not known'}${next}`;
}

function holdButton(row: Facts, action: 'hold' | 'resume', { facts, operateArn }: Drawing): Html {
  const whose = row['organization_id'] === null ? '' : `, organization ${idOf(row['organization_id'])}`;
  const what = `${covered(row)}${whose}`;
  const confirmation =
    action === 'hold'
      ? `Hold ${what}? Nothing of it is attempted and nothing is lost until it is resumed.`
      : `Resume ${what}? What is held goes out at once.`;
  return widgetButton({
    label: action === 'hold' ? 'Hold' : 'Resume',
    confirmation,
    functionArn: operateArn,
    request: { action, ...namedInOrders(row), ...orderOf(facts, `${action} ${textOf(row['key'])}`) },
  });
}

/** As an order names what inspect has listed. A URL is not needed, and not there. */
function namedInOrders(row: Facts) {
  if (row['scope'] === 'everything') return { everything: true };
  if (row['scope'] === 'organization') return { organization_id: row['organization_id'] };
  return { endpoint_key: textOf(row['key']) };
}

function concernedTable(
  { groups, matched, isAll }: { groups: readonly Facts[]; matched: number; isAll: boolean },
  drawing: Drawing,
): Html {
  if (matched === 0) return html`<p>${isAll ? 'Nobody.' : 'Nobody so far: there is more than could be counted.'}</p>`;
  const more = html`<p>There are more: <code>surehook count --by organization,endpoint</code> counts all.</p>`;
  return html`${isAll ? undefined : more}
  ${table(
    ['Organization', 'Endpoint', 'Dead letters', ''],
    groups.map((group) => {
      return html`<tr>
        <td class="number">${idOf(group['organization'])}</td>
        <td>${originOf(group)}</td>
        <td class="number">${grouped(numberOf(group['count']))}</td>
        <td>${redeliverAllButton(group, drawing)} ${holdOrganizationButton(group, drawing)}</td>
      </tr>`;
    }),
  )}`;
}

function redeliverAllButton(group: Facts, { facts, operateArn }: Drawing): Html | undefined {
  const organization = numberOf(group['organization']);
  const origin = originOf(group);
  const host = hostAndPort(origin);
  // Of a row that was inserted by SQL. Nothing can be sent there.
  if (host === undefined) return undefined;
  const count = grouped(numberOf(group['count']));
  return widgetButton({
    label: 'Redeliver all',
    confirmation:
      `Redeliver ${count} dead letters of organization ${organization} to ${origin}, ${PER_SECOND} a second? ` +
      'Receivers may have some of them already.',
    functionArn: operateArn,
    request: {
      action: 'redeliver',
      organization_id: organization,
      endpoint_host: host,
      standing: true,
      dead_since: new Date(facts.range.sinceMs).toISOString(),
      dead_until: new Date(facts.range.untilMs).toISOString(),
      per_second: PER_SECOND,
      ...orderOf(facts, `redeliver ${organization} ${host}`),
    },
  });
}

function holdOrganizationButton(group: Facts, { facts, operateArn }: Drawing): Html {
  const organization = numberOf(group['organization']);
  return widgetButton({
    label: 'Hold the organization',
    confirmation: `Hold everything of organization ${organization}? Nothing of it is attempted and nothing is lost until it is resumed.`,
    functionArn: operateArn,
    request: {
      action: 'hold',
      organization_id: organization,
      ...orderOf(facts, `hold organization ${organization}`),
    },
  });
}

function deadLetterTable(
  { rows, unreadable, isAll }: { rows: readonly Facts[]; unreadable: number; isAll: boolean },
  { facts, operateArn }: Drawing,
): Html {
  const odd =
    unreadable === 0
      ? undefined
      : html`<p>
          ${unreadable} more have an id that JSON cannot hold: <code>surehook list --status dead_letter</code>.
        </p>`;
  if (rows.length === 0)
    return html`<p>${isAll ? 'None.' : 'None so far: there are more than could be looked through.'}</p>
      ${odd}`;
  return html`${table(
    ['Died', 'Delivery', 'Organization', 'Webhook', 'Endpoint', 'Why', ''],
    rows.map((row) => {
      const id = numberOf(row['delivery_id']);
      const organization = idOf(row['organization_id']);
      const origin = originOf(row);
      return html`<tr>
        <td>${utcOf(row['updated_at'], facts.drawnAtMs)}</td>
        <td class="number">${id}</td>
        <td class="number">${organization}</td>
        <td>${clip(textOf(row['webhook_name']) || textOf(row['webhook_node_id']), MAX_NAME_CHARACTERS)}</td>
        <td>${origin}</td>
        <td>${whyDead(row)}</td>
        <td>
          ${widgetButton({
            label: 'Redeliver',
            confirmation: `Redeliver delivery ${id} of organization ${organization} to ${origin}? Its receiver may have it already.`,
            functionArn: operateArn,
            request: {
              action: 'redeliver',
              delivery_ids: [id],
              ...orderOf(facts, `redeliver ${id} ${textOf(row['updated_at'])}`),
            },
          })}
        </td>
      </tr>`;
    }),
  )}${odd}`;
}

function whyDead(row: Facts): string {
  return explainEnd({
    reason: textOf(row['dead_letter_reason']) || undefined,
    lastStatusCode: typeof row['last_status_code'] === 'number' ? row['last_status_code'] : undefined,
    lastError: textOf(row['last_error']) || undefined,
    attemptCount: numberOf(row['attempt_count']),
    updatedAtMs: Date.parse(textOf(row['updated_at'])),
  });
}

/** What every order of the widget says of itself. Pressed twice, or answered twice, it is one order. */
function orderOf({ dashboardName, drawnAtMs }: WidgetFacts, what: string) {
  const by = `the dashboard ${dashboardName}`.trim();
  const orderKey = `widget ${drawnAtMs} ${what}`.slice(0, 255);
  return { by: by.replaceAll(/[^\w .-]/g, '·'), order_key: orderKey };
}

/** Of a URL nothing but scheme, host and port. */
function originOf({ endpoint }: Facts): string {
  return clip(textOf(endpoint).replace(/\/\/[^/]*@/, '//'), MAX_ORIGIN_CHARACTERS);
}

/** With its port, so that it names this endpoint and no other of the host; undefined if it is no URL. */
function hostAndPort(origin: string): string | undefined {
  const url = URL.parse(origin);
  if (url === null || url.hostname === '') return undefined;
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}

function utcOf(instant: unknown, nowMs?: number): string {
  const ms = Date.parse(textOf(instant));
  if (Number.isNaN(ms)) return '';
  return nowMs === undefined ? utc(ms) : `${utc(ms)} (${span(nowMs - ms)} ago)`;
}

function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function idOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : '';
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
