// Real: Chromium, the local dashboard over HTTP, the markup of the widget and the words of operate's answers. Doubles: what inspect
// answers, and operate, which writes down what it is asked.
import { type Browser, chromium, type FrameLocator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { drawWidget } from '../../shared/operate/draw-widget.ts';
import type { WidgetFacts } from '../../shared/operate/widget-facts.ts';
import { type DashboardBench, startDashboardBench } from '../local/dashboard-world.ts';

const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)><iframe src="https://example.com/"></iframe><cwdb-action action="call" endpoint="arn:evil">{}</cwdb-action>`;
const NOON = Date.parse('2026-11-26T12:00:00Z');
const ENDPOINT = {
  key: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f',
  scope: 'endpoint',
  organization_id: 7,
  endpoint: 'https://hooks.example.com',
  state: 'down',
  failures: 12,
  last_error_class: HOSTILE,
  down_since: '2026-11-26T10:00:00.000Z',
  held_deliveries: 4000,
  next_probe_at: null,
  note: null,
  held_since: null,
};
const DEAD = {
  delivery_id: 42,
  organization_id: 7,
  webhook_name: HOSTILE,
  endpoint: 'https://hooks.example.com',
  dead_letter_reason: 'status',
  last_status_code: 404,
  last_error: 'status 404',
  attempt_count: 1,
  created_at: '2026-11-26T11:00:00.000Z',
  updated_at: '2026-11-26T11:30:00.000Z',
};
const facts: WidgetFacts = {
  troubled: { ok: true, value: { rows: [ENDPOINT, { ...ENDPOINT, state: 'held' }], total: 2, isAll: true } },
  concerned: { ok: false, because: 'Lambda refused it.' },
  deadLetters: { ok: true, value: { rows: [DEAD], unreadable: 0, isAll: true } },
  range: { sinceMs: NOON - 3_600_000, untilMs: NOON },
  drawnAtMs: NOON,
  dashboardName: 'Webhooks',
};

let browser: Browser;
let bench: DashboardBench;
let page: Page;
let frame: FrameLocator;
let markup: string;
let troubles: string[];

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  bench = await startDashboardBench((functionArn) => ({
    ok: true,
    answer: functionArn === 'arn:widget' ? markup : '<p>1 of 1 pending again.</p>',
  }));
});
afterAll(async () => {
  await browser.close();
  await bench.close();
});
beforeEach(async () => {
  bench.invoked.length = 0;
  markup = drawWidget(facts, 'arn:operate');
  troubles = [];
  page = await (await browser.newContext()).newPage();
  page.on('console', (message) => troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('dialog', (dialog) => troubles.push(dialog.message()));
  page.on('request', (request) => {
    if (!request.url().startsWith(bench.origin)) troubles.push(`asked for ${request.url()}`);
  });
  await page.goto(`${bench.origin}/dashboard`);
  frame = page.frameLocator('.custom iframe');
});
afterEach(async () => {
  await page.context().close();
  if (troubles.length > 0) throw new Error(`the page had trouble: ${troubles.join('; ')}`);
});

const orders = () => bench.invoked.filter(({ functionArn }) => functionArn !== 'arn:widget');

it('asks before it does anything, does it once, shows the answer, and draws the widget anew', async () => {
  await frame.getByRole('button', { name: 'Redeliver', exact: true }).click();
  await expect
    .poll(() => page.locator('dialog.question').textContent())
    .toContain('Redeliver delivery 42 of organization 7');
  expect(orders()).toEqual([]);
  await page.getByRole('button', { name: 'No' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  expect(orders()).toEqual([]);

  await frame.getByRole('button', { name: 'Redeliver', exact: true }).click();
  await page.getByRole('button', { name: 'Yes' }).click();
  await page.frameLocator('dialog.answer iframe').getByText('1 of 1 pending again.').waitFor();
  expect(orders()).toMatchObject([
    {
      functionArn: 'arn:operate',
      event: { action: 'redeliver', delivery_ids: [42], widgetContext: { dashboardName: 'Webhooks' } },
    },
  ]);
  markup = '<p>nothing is left</p>';
  await page.getByRole('button', { name: 'Close' }).click();
  await frame.getByText('nothing is left').waitFor();
});

it('is worked by the keyboard alone', async () => {
  await frame.getByRole('button', { name: 'Hold' }).press('Enter');
  const no = page.getByRole('button', { name: 'No' });
  await no.waitFor();
  expect(await page.locator('button:focus').textContent()).toBe('No');
  await page.keyboard.press('Escape');
  await frame.getByRole('button', { name: 'Resume' }).press(' ');
  await page.getByRole('button', { name: 'Yes' }).press('Enter');
  await page.locator('dialog.answer').waitFor();
  expect(orders()).toMatchObject([{ event: { action: 'resume', endpoint_key: ENDPOINT.key } }]);
});

it('runs and loads nothing that a name brings along', async () => {
  await frame.getByText('<script>alert(1)</script>').first().waitFor();
  expect(await frame.locator('script:not([nonce]), img, iframe, [onerror]').count()).toBe(0);
  expect(await frame.locator('cwdb-action[endpoint="arn:evil"]').count()).toBe(0);
});

it('lets markup that nobody escaped run nothing, reach nothing and ask for nothing by itself', async () => {
  markup = `<p>shown</p>${HOSTILE}<form action="${bench.origin}/console/dashboard/call" method="post"><input name="x"></form>`;
  await page.getByRole('button', { name: 'Refresh' }).click();
  await frame.getByText('shown').waitFor();
  // The policy says in the console what it has blocked.
  await expect
    .poll(() => troubles.filter((text) => !/violates the following|blocked|Content Security Policy/i.test(text)))
    .toEqual([]);
  troubles = [];
  expect(orders()).toEqual([]);
});

it('says so where its function fails or the stack is gone', async () => {
  const other = await startDashboardBench(() => ({
    ok: false,
    errorType: 'Runtime.ExitError',
    errorMessage: 'it died',
  }));
  await page.goto(`${other.origin}/dashboard`);
  await expect.poll(() => frame.locator('body').textContent()).toContain('Runtime.ExitError it died');
  await other.close();
  await page.getByRole('button', { name: 'Refresh' }).click();
  await frame.getByText('The stack does not answer.').waitFor();
  troubles = [];
});

it('fits a narrow screen', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await frame.getByText('Endpoints that are down').waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
});
