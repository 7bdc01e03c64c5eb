// Real: Chromium, the console over HTTP, the rules of inspect and its statements, PostgreSQL. Doubles: the other functions, played by
// the bench; the page's clock, turned by hand. CHROMIUM_PATH names another Chromium than /usr/bin/chromium.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type ConsoleBench,
  deadLetter,
  insertDelivery,
  startConsoleBench,
  succeeded,
} from '../console/console-world.ts';

const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>\u202e`;
const REFRESH_MS = 2000;

let browser: Browser;
let bench: ConsoleBench;
let page: Page;
/** Errors, violations of the policy, dialogs: nothing of the kind may ever happen. */
let troubles: string[];

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  // The server's own clock goes ahead with every look, so that it never answers with an earlier one's counts.
  let nowMs = Date.now();
  bench = await startConsoleBench({ nowMs: () => (nowMs += 1000), patienceMs: 60_000 });
});
afterAll(async () => {
  await browser.close();
  await bench.close();
});
beforeEach(async () => {
  await bench.pool.query('truncate webhook_deliveries, webhook_delivery_attempts, webhook_endpoints');
  bench.invoked.length = 0;
  await open();
});
afterEach(async () => {
  await page.context().close();
  if (troubles.length > 0) throw new Error(`the page had trouble: ${troubles.join('; ')}`);
});

async function open(options: BrowserContextOptions = {}): Promise<void> {
  troubles = [];
  const context = await browser.newContext({ timezoneId: 'Asia/Kathmandu', locale: 'en-GB', ...options });
  page = await context.newPage();
  page.on('console', (message) => troubles.push(message.text()));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('dialog', (dialog) => troubles.push(dialog.message()));
}

async function turn(ms: number): Promise<void> {
  const answered = page.waitForResponse((response) => response.url().includes('.json'));
  await page.clock.runFor(ms);
  await answered;
}

async function visit(path: string): Promise<void> {
  await page.clock.install({ time: '2026-11-23T12:00:00Z' });
  await page.clock.pauseAt('2026-11-23T12:00:01Z');
  await page.goto(`${bench.origin}${path}`);
}

it('runs nothing that a row brings along, at first and when refreshed', async () => {
  const hostile = {
    webhook_name: HOSTILE,
    last_error: HOSTILE,
    payload: HOSTILE,
    endpoint_url: `https://h/${HOSTILE}`,
  };
  const id = await insertDelivery(bench.pool, deadLetter(hostile));
  for (const path of [`/deliveries/${id}`, `/?q=${encodeURIComponent(HOSTILE)}`]) {
    await page.goto(`${bench.origin}${path}`);
  }
  // No host can be called that, which the browser reports by itself.
  expect(troubles.splice(0)).toEqual([expect.stringContaining('422')]);
  await visit('/');
  await insertDelivery(bench.pool, deadLetter(hostile));
  await turn(REFRESH_MS);
  await page.locator('tr.dead_letter').nth(1).waitFor();
  expect(await page.locator('main script, main img, main [onerror], main a[href^=javascript]').count()).toBe(0);
});

it('brings in what is new and touches nothing else', async () => {
  for (let n = 0; n < 40; n++) await insertDelivery(bench.pool, succeeded());
  const changing = await insertDelivery(bench.pool);
  await visit('/');
  await page.locator('tbody a.id').nth(30).focus();
  const focused = await page.evaluate('document.activeElement.textContent');
  await page.evaluate("document.querySelector('tr.succeeded').mark = 'same element'");
  const top = 'document.activeElement.getBoundingClientRect().top';
  const before = await page.evaluate(top);

  await insertDelivery(bench.pool, deadLetter());
  await bench.pool.query(
    "update webhook_deliveries set status = 'succeeded', scheduled_for = null, attempt_count = 1 where id = $1",
    [changing],
  );
  await turn(REFRESH_MS);
  await page.locator(`tr.succeeded[data-key="${changing}"]`).waitFor();

  expect(await page.locator('tbody[data-list=deliveries] tr').count()).toBe(42);
  expect(await page.locator('tbody[data-list=deliveries] tr').first().getAttribute('class')).toContain('dead_letter');
  expect(await page.evaluate('document.activeElement.textContent')).toBe(focused);
  // Where the eye is: to the pixel, not to its fractions.
  expect(Math.abs(Number(await page.evaluate(top)) - Number(before))).toBeLessThan(1);
  expect(await page.evaluate("[...document.querySelectorAll('tr')].some((row) => row.mark === 'same element')")).toBe(
    true,
  );
  expect(await page.locator('[data-announce]').textContent()).toBe('1 more dead letter');
});

it('keeps the focus in a row that changes under it', async () => {
  const id = await insertDelivery(bench.pool);
  await visit('/');
  await page.locator(`a[href="/deliveries/${id}"]`).focus();
  await bench.pool.query(
    "update webhook_deliveries set status = 'succeeded', scheduled_for = null, attempt_count = 1 where id = $1",
    [id],
  );
  await turn(REFRESH_MS);
  await page.locator('tr.succeeded').waitFor();
  expect(await page.evaluate('document.activeElement.getAttribute("href")')).toBe(`/deliveries/${id}`);
});

it('shows all times in UTC, and after one switch in the zone of the browser, on every page and when refreshed', async () => {
  const id = await insertDelivery(bench.pool, succeeded({ updated_at: '2026-11-23T11:59:30.042Z' }));
  await visit(`/deliveries/${id}`);
  const exact = page.locator('time[datetime="2026-11-23T11:59:30.042Z"]').first();
  expect(await exact.textContent()).toBe('2026-11-23 11:59:30.042 UTC');
  await page.getByRole('button', { name: 'Local' }).click();
  await page.waitForURL(`**/deliveries/${id}`);
  expect(await exact.textContent()).toBe('2026-11-23 17:44:30.042 GMT+5:45');
  expect(await page.getByRole('button', { name: 'Local' }).getAttribute('aria-pressed')).toBe('true');
  await page.goto(`${bench.origin}/`);
  const clock = page.locator(`tr[data-key="${id}"] time[data-show=clock]`);
  expect(await clock.textContent()).toBe('2026-11-23 17:44 GMT+5:45');
  expect(await clock.getAttribute('title')).toBe('2026-11-23 11:59:30.042 UTC');
  await page.goto(`${bench.origin}/order`);
  expect(await page.getByLabel('Died since (GMT+5:45)').count()).toBe(1);
  // What the server renders needs no script, so nothing can flash.
  await page.route('**/console.js', (route) => route.abort());
  await page.goto(`${bench.origin}/deliveries/${id}`);
  expect(await exact.textContent()).toBe('2026-11-23 17:44:30.042 GMT+5:45');
  expect(troubles.splice(0)).toEqual([expect.stringContaining('ERR_FAILED')]);
});

it('lets times that are relative to now run', async () => {
  const id = await insertDelivery(bench.pool, succeeded({ updated_at: '2026-11-23T11:59:30Z' }));
  await visit('/');
  const time = page.locator(`tr[data-key="${id}"] time[data-show=relative]`);
  expect(await time.textContent()).toBe('31 s ago');
  await page.clock.runFor(2_000);
  expect(await time.textContent()).toBe('33 s ago');
});

it('keeps what was ticked while the list changes, and orders exactly that', async () => {
  for (let n = 0; n < 3; n++) await insertDelivery(bench.pool, deadLetter());
  const changing = await insertDelivery(bench.pool, deadLetter());
  await visit('/');
  const words = page.locator('[data-chosen-words]');
  expect(await words.textContent()).toBe('Tick deliveries to do something with them.');
  await page.getByLabel(`Choose delivery ${changing}`).check();
  await page.getByLabel('Choose all on this page').check();
  expect(await words.textContent()).toBe('4 ticked:');
  await page.getByLabel('Choose all on this page').uncheck();
  await page.getByLabel(`Choose delivery ${changing}`).check();
  await bench.pool.query("update webhook_deliveries set last_error = 'HTTP 410' where id = $1", [changing]);
  await insertDelivery(bench.pool, deadLetter());
  await turn(REFRESH_MS);
  await page.getByText('HTTP 410').waitFor();
  expect(await words.textContent()).toBe('1 ticked:');
  bench.answers.operate = () => ({
    ok: true,
    answer: { matched: 1, changed: 0, refused: [], complete: true, order_id: 5 },
  });
  await page.getByRole('button', { name: 'Dismiss…' }).click();
  await page.getByLabel('Note, kept with the order').fill('dealt with');
  await page.getByRole('button', { name: 'Dismiss 1' }).click();
  await page.waitForURL('**/orders/5');
  expect(bench.invoked.map(({ payload }) => payload)).toEqual([
    { action: 'dismiss', delivery_ids: [Number(changing)], by: 'console', dry_run: true },
    expect.objectContaining({ action: 'dismiss', delivery_ids: [Number(changing)], note: 'dealt with' }),
  ]);
  delete bench.answers.operate;
  // There is no such order, of which the browser itself reports.
  expect(troubles.splice(0)).toEqual([expect.stringContaining('404')]);
});

it('keeps the address short and the fields filled', async () => {
  await insertDelivery(bench.pool, deadLetter({ organization_id: 3 }));
  await page.goto(`${bench.origin}/?state=dead_letter`);
  await page.getByLabel('Organization').fill('3');
  await page.getByLabel('died since').fill('30d');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.waitForURL(`${bench.origin}/?state=dead_letter&organization=3&since=30d`);
  expect(await page.getByLabel('died since').inputValue()).toBe('30d');
  await page.goBack();
  expect(await page.getByLabel('Organization').isEnabled()).toBe(true);
});

it('copies an attempt as curl', async () => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const id = await insertDelivery(bench.pool, succeeded());
  const exchange = {
    request: {
      method: 'POST',
      headers: [{ name: 'content-type', value: 'application/json' }],
      more_headers: 0,
      body_bytes: 2,
      written: 'whole',
    },
    phases_ms: { connect: 3, first_byte: 75 },
  };
  await bench.pool.query(
    `insert into webhook_delivery_attempts (delivery_id, attempt, started_at, duration_ms, status_code, exchange)
     values ($1, 1, '2026-11-23 11:00:00Z', 100, 200, $2)`,
    [id, exchange],
  );
  await page.goto(`${bench.origin}/deliveries/${id}`);
  await page.getByText('What was sent and answered').click();
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(
    /^curl --globoff [\s\S]*https:\/\/receiver.example\/hook/,
  );
});

it('says that the connection is lost, asks less often, and finds back', async () => {
  await insertDelivery(bench.pool);
  await visit('/');
  const pulse = page.locator('[data-pulse]');
  expect(await pulse.textContent()).toBe('live');
  let asked = 0;
  await page.route('**/*.json', (route) => {
    asked++;
    return route.fulfill({ status: 503, body: 'no' });
  });
  await turn(REFRESH_MS);
  await page.locator('[data-pulse].lost').waitFor();
  expect(await pulse.textContent()).toBe('not connected');
  await page.clock.runFor(REFRESH_MS);
  expect(asked).toBe(1);
  await page.unroute('**/*.json');
  await turn(REFRESH_MS);
  await page.locator('[data-pulse]:not(.lost)').waitFor();
  // The refused answers, which the browser itself reports.
  expect(troubles.splice(0)).toEqual([expect.stringContaining('503')]);
});

it('sends a test from the form, with an endpoint chosen by a click', async () => {
  const id = await insertDelivery(bench.pool);
  bench.answers.enqueue = () => ({ ok: true, answer: { delivery_id: Number(id), created: true, warnings: [] } });
  await page.goto(`${bench.origin}/send`);
  await page.getByLabel('Delay, seconds').fill('5');
  await page.getByText('/demo/fail/3').click();
  expect(await page.getByLabel('Endpoint').inputValue()).toBe(`${bench.origin}/demo/fail/3`);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL(`**/deliveries/${id}`);
  expect(bench.invoked[0]?.payload).toMatchObject({ endpoint_url: `${bench.origin}/demo/fail/3`, organization_id: 1 });
  delete bench.answers.enqueue;
});

it('redelivers a dead letter by its button', async () => {
  const id = await insertDelivery(bench.pool, deadLetter());
  await page.goto(`${bench.origin}/deliveries/${id}`);
  await page.getByRole('button', { name: 'Redeliver' }).click();
  await expect
    .poll(() => bench.invoked)
    .toEqual([
      { functionName: 'operate', payload: { action: 'redeliver', delivery_ids: [Number(id)], by: 'console' } },
    ]);
});

it('sweeps in place', async () => {
  bench.answers.sweep = () => ({ ok: true, answer: { put_back: 2, note: '<b>' } });
  await page.goto(`${bench.origin}/orders`);
  await page.getByRole('button', { name: 'Sweep now' }).click();
  const notice = page.locator('[data-notice]');
  await notice.getByText('put back: 2').waitFor();
  expect(await notice.textContent()).toBe('Swept. put back: 2, note: <b>');
  expect(new URL(page.url()).pathname).toBe('/orders');
  delete bench.answers.sweep;
});

it('works without its script', async () => {
  await page.context().close();
  await open({ javaScriptEnabled: false });
  await insertDelivery(bench.pool, succeeded({ updated_at: '2026-11-23T11:59:30Z' }));
  await page.goto(`${bench.origin}/`);
  await page.getByRole('searchbox').fill('receiver.example');
  await page.getByRole('button', { name: 'Find' }).click();
  expect(await page.locator('tr.succeeded time').nth(1).textContent()).toBe('2026-11-23 11:59 UTC');
  await page.goto(`${bench.origin}/orders`);
  await page.getByRole('button', { name: 'Sweep now' }).click();
  await page.getByRole('heading', { name: 'Done' }).waitFor();
});

it('goes to the search by a slash, and to the content by the first link', async () => {
  await page.goto(`${bench.origin}/`);
  await page.keyboard.press('/');
  expect(await page.evaluate('document.activeElement.id')).toBe('q');
  await page.goto(`${bench.origin}/`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('content');
});

it.each([320, 390, 768, 1000, 1280])('fits a screen %d wide', async (width) => {
  await page.setViewportSize({ width, height: 700 });
  const long = 'w'.repeat(300);
  const columns = {
    webhook_name: long,
    last_error: long,
    payload: `"${long}"`,
    endpoint_url: `https://${long}/${long}`,
  };
  const id = await insertDelivery(bench.pool, deadLetter(columns));
  await bench.pool.query(
    `insert into webhook_endpoints (key, scope, organization_id, origin, failures, last_error_class, stopped_at, stopped_note)
     select key, scope, 1, $1, 9, 'timeout', now(), $1 from webhook_endpoint_keys(1, $1) where scope = 'endpoint'`,
    [`https://${long}`],
  );
  const key = (await bench.pool.query<{ key: string }>('select key from webhook_endpoints')).rows[0]?.key;
  for (const path of [
    '/',
    '/?state=dead_letter',
    '/?state=pending',
    `/deliveries/${id}?include=payload`,
    '/endpoints',
    `/endpoints/change?action=set_endpoint&endpoint_key=${key}`,
    '/send',
    `/order?status=dead_letter&endpoint_url=https://${long}/`,
    '/orders',
    '/demo-receiver',
  ]) {
    await page.goto(`${bench.origin}${path}`);
    expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
  }
});

it.each(['light', 'dark'] as const)('has enough contrast in its %s colours', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  const lease = { lease_token: '00000000-0000-4000-8000-000000000000', lease_expires_at: '2126-01-01T00:00:00Z' };
  const held = {
    held_by: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f',
    held_for: 'down',
    held_due_at: '2026-11-23T11:40:00Z',
  };
  for (const columns of [{}, lease, held, { scheduled_for: '2126-01-01T00:00:00Z' }, succeeded(), deadLetter()]) {
    await insertDelivery(bench.pool, columns);
  }
  await bench.pool
    .query(`insert into webhook_endpoints (key, scope, organization_id, failures, down_since, in_flight_window, not_before, stopped_at)
    select gen_random_uuid(), 'organization', n, n, case when n = 1 then now() end, case n when 1 then 1 when 2 then 1 end,
      case when n = 1 then now() end, case when n = 3 then now() end from generate_series(1, 4) n`);
  const id = await insertDelivery(bench.pool, deadLetter());
  for (const path of ['/', '/endpoints', `/deliveries/${id}`]) {
    await page.goto(`${bench.origin}${path}`);
    expect([path, await page.evaluate(CONTRASTS_BELOW_AA)]).toEqual([path, []]);
  }
});

it('is reached by the keyboard: every link, field and button of a page shows where it is', async () => {
  await insertDelivery(bench.pool, deadLetter());
  for (const path of ['/', '/endpoints', '/order']) {
    await page.goto(`${bench.origin}${path}`);
    const count = await page.evaluate(
      "[...document.querySelectorAll('a, button, input, select, summary')].filter((one) => one.checkVisibility() && !one.disabled && one.type !== 'hidden').length",
    );
    const seen = new Set<unknown>();
    for (let n = 0; n < Number(count); n++) {
      await page.keyboard.press('Tab');
      const [place, outline] = (await page.evaluate(
        "(() => { const at = document.activeElement; const all = [...document.querySelectorAll('*')]; return [all.indexOf(at), getComputedStyle(at).outlineStyle] })()",
      )) as [number, string];
      expect([path, n, outline]).not.toEqual([path, n, 'none']);
      seen.add(place);
    }
    expect([path, seen.size]).toEqual([path, count]);
  }
});

/** Texts of the list whose colour is too near to what is behind them: WCAG asks 4.5 for text of this size. */
const CONTRASTS_BELOW_AA = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const over = (colors) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const color of colors) {
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll('main .chip, .tile dt, .tile .number, .run, .clock, .path, td.error bdi, .reason, .word, .line, [data-key=banner] li, .explanation p, .facts dt, .remark')]
    .map((element) => {
      const behind = [];
      for (let at = element; at !== null; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
      const [ground, ink] = [over(behind), over([...behind, getComputedStyle(element).color])].map(luminance);
      const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
      return { text: element.className + ': ' + element.textContent.trim(), ratio: Math.round(ratio * 10) / 10 };
    })
    .filter(({ ratio }) => ratio < 4.5);
})()`;
