// Real: Chromium, the console over HTTP, the rules of inspect and its statements, PostgreSQL. Doubles: the other functions, played by
// the bench; the page's clock, turned by hand.
import { expect, it } from 'vitest';
import { deadLetter, insertDelivery, succeeded } from '../console/console-world.ts';
import { ConsoleInBrowser } from './console-in-browser.ts';

const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>\u202e`;
const REFRESH_MS = 2000;

const at = ConsoleInBrowser.forEachTest();

it('runs nothing that a row brings along, at first and when refreshed', async () => {
  const hostile = {
    webhook_name: HOSTILE,
    last_error: HOSTILE,
    payload: HOSTILE,
    endpoint_url: `https://h/${HOSTILE}`,
  };
  const id = await insertDelivery(at.bench.pool, deadLetter(hostile));
  for (const path of [`/deliveries/${id}`, `/?q=${encodeURIComponent(HOSTILE)}`]) {
    await at.goto(`${path}`);
  }
  // No host can be called that, which the browser reports by itself.
  expect(at.troubles.splice(0)).toEqual([expect.stringContaining('422')]);
  await at.visit('/');
  await insertDelivery(at.bench.pool, deadLetter(hostile));
  await at.turn(REFRESH_MS);
  await at.page.locator('tr.dead_letter').nth(1).waitFor();
  expect(await at.page.locator('main script, main img, main [onerror], main a[href^=javascript]').count()).toBe(0);
});

it('brings in what is new and touches nothing else', async () => {
  for (let n = 0; n < 40; n++) await insertDelivery(at.bench.pool, succeeded());
  const changing = await insertDelivery(at.bench.pool);
  await at.visit('/');
  await at.page.locator('tbody a.id').nth(30).focus();
  const focused = await at.page.evaluate('document.activeElement.textContent');
  await at.page.evaluate("document.querySelector('tr.succeeded').mark = 'same element'");
  const top = 'document.activeElement.getBoundingClientRect().top';
  const before = await at.page.evaluate(top);

  await insertDelivery(at.bench.pool, deadLetter());
  await at.bench.pool.query(
    "update webhook_deliveries set status = 'succeeded', scheduled_for = null, attempt_count = 1 where id = $1",
    [changing],
  );
  await at.turn(REFRESH_MS);
  await at.page.locator(`tr.succeeded[data-key="${changing}"]`).waitFor();

  expect(await at.page.locator('tbody[data-list=deliveries] tr').count()).toBe(42);
  expect(await at.page.locator('tbody[data-list=deliveries] tr').first().getAttribute('class')).toContain(
    'dead_letter',
  );
  expect(await at.page.evaluate('document.activeElement.textContent')).toBe(focused);
  // Where the eye is: to the pixel, not to its fractions.
  expect(Math.abs(Number(await at.page.evaluate(top)) - Number(before))).toBeLessThan(1);
  expect(
    await at.page.evaluate("[...document.querySelectorAll('tr')].some((row) => row.mark === 'same element')"),
  ).toBe(true);
  expect(await at.page.locator('[data-announce]').textContent()).toBe('1 more dead letter');
});

it('keeps the focus in a row that changes under it', async () => {
  const id = await insertDelivery(at.bench.pool);
  await at.visit('/');
  await at.page.locator(`a[href="/deliveries/${id}"]`).focus();
  await at.bench.pool.query(
    "update webhook_deliveries set status = 'succeeded', scheduled_for = null, attempt_count = 1 where id = $1",
    [id],
  );
  await at.turn(REFRESH_MS);
  await at.page.locator('tr.succeeded').waitFor();
  expect(await at.page.evaluate('document.activeElement.getAttribute("href")')).toBe(`/deliveries/${id}`);
});

it('shows all times in UTC, and after one switch in the zone of the browser, on every page and when refreshed', async () => {
  const id = await insertDelivery(at.bench.pool, succeeded({ updated_at: '2026-11-23T11:59:30.042Z' }));
  await at.visit(`/deliveries/${id}`);
  const exact = at.page.locator('time[datetime="2026-11-23T11:59:30.042Z"]').first();
  expect(await exact.textContent()).toBe('2026-11-23 11:59:30.042 UTC');
  await at.page.getByRole('button', { name: 'Local' }).click();
  await at.page.waitForURL(`**/deliveries/${id}`);
  expect(await exact.textContent()).toBe('2026-11-23 17:44:30.042 GMT+5:45');
  expect(await at.page.getByRole('button', { name: 'Local' }).getAttribute('aria-pressed')).toBe('true');
  await at.goto(`/`);
  const clock = at.page.locator(`tr[data-key="${id}"] time[data-show=clock]`);
  expect(await clock.textContent()).toBe('2026-11-23 17:44 GMT+5:45');
  expect(await clock.getAttribute('title')).toBe('2026-11-23 11:59:30.042 UTC');
  await at.goto(`/order`);
  expect(await at.page.getByLabel('Died since (GMT+5:45)').count()).toBe(1);
  // What the server renders needs no script, so nothing can flash.
  await at.page.route('**/console.js', (route) => route.abort());
  await at.goto(`/deliveries/${id}`);
  expect(await exact.textContent()).toBe('2026-11-23 17:44:30.042 GMT+5:45');
  expect(at.troubles.splice(0)).toEqual([expect.stringContaining('ERR_FAILED')]);
});

it('lets times that are relative to now run', async () => {
  const id = await insertDelivery(at.bench.pool, succeeded({ updated_at: '2026-11-23T11:59:30Z' }));
  await at.visit('/');
  const time = at.page.locator(`tr[data-key="${id}"] time[data-show=relative]`);
  expect(await time.textContent()).toBe('31 s ago');
  await at.page.clock.runFor(2_000);
  expect(await time.textContent()).toBe('33 s ago');
});

it('keeps what was ticked while the list changes, and orders exactly that', async () => {
  for (let n = 0; n < 3; n++) await insertDelivery(at.bench.pool, deadLetter());
  const changing = await insertDelivery(at.bench.pool, deadLetter());
  await at.visit('/');
  const words = at.page.locator('[data-chosen-words]');
  expect(await words.textContent()).toBe('Tick deliveries to do something with them.');
  await at.page.getByLabel(`Choose delivery ${changing}`).check();
  await at.page.getByLabel('Choose all on this page').check();
  expect(await words.textContent()).toBe('4 ticked:');
  await at.page.getByLabel('Choose all on this page').uncheck();
  await at.page.getByLabel(`Choose delivery ${changing}`).check();
  await at.bench.pool.query("update webhook_deliveries set last_error = 'HTTP 410' where id = $1", [changing]);
  await insertDelivery(at.bench.pool, deadLetter());
  await at.turn(REFRESH_MS);
  await at.page.getByText('HTTP 410').waitFor();
  expect(await words.textContent()).toBe('1 ticked:');
  at.bench.answers.operate = () => ({
    ok: true,
    answer: { matched: 1, changed: 0, refused: [], complete: true, order_id: 5 },
  });
  await at.page.getByRole('button', { name: 'Dismiss…' }).click();
  await at.page.getByLabel('Note, kept with the order').fill('dealt with');
  await at.page.getByRole('button', { name: 'Dismiss 1' }).click();
  await at.page.waitForURL('**/orders/5');
  expect(at.bench.invoked.map(({ payload }) => payload)).toEqual([
    { action: 'dismiss', delivery_ids: [Number(changing)], by: 'console', dry_run: true },
    expect.objectContaining({ action: 'dismiss', delivery_ids: [Number(changing)], note: 'dealt with' }),
  ]);
  delete at.bench.answers.operate;
  // There is no such order, of which the browser itself reports.
  expect(at.troubles.splice(0)).toEqual([expect.stringContaining('404')]);
});

it('keeps the address short and the fields filled', async () => {
  await insertDelivery(at.bench.pool, deadLetter({ organization_id: 3 }));
  await at.goto(`/?state=dead_letter`);
  await at.page.getByLabel('Organization').fill('3');
  await at.page.getByLabel('died since').fill('30d');
  await at.page.getByRole('button', { name: 'Find' }).click();
  await at.page.waitForURL(`${at.bench.origin}/?state=dead_letter&organization=3&since=30d`);
  expect(await at.page.getByLabel('died since').inputValue()).toBe('30d');
  await at.page.goBack();
  expect(await at.page.getByLabel('Organization').isEnabled()).toBe(true);
});

it('copies an attempt as curl', async () => {
  await at.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const id = await insertDelivery(at.bench.pool, succeeded());
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
  await at.bench.pool.query(
    `insert into webhook_delivery_attempts (delivery_id, attempt, started_at, duration_ms, status_code, exchange)
     values ($1, 1, '2026-11-23 11:00:00Z', 100, 200, $2)`,
    [id, exchange],
  );
  await at.goto(`/deliveries/${id}`);
  await at.page.getByText('What was sent and answered').click();
  await at.page.getByRole('button', { name: 'Copy as curl' }).click();
  await at.page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await at.page.evaluate('navigator.clipboard.readText()')).toMatch(
    /^curl --globoff [\s\S]*https:\/\/receiver.example\/hook/,
  );
});

it('says that the connection is lost, asks less often, and finds back', async () => {
  await insertDelivery(at.bench.pool);
  await at.visit('/');
  const pulse = at.page.locator('[data-pulse]');
  expect(await pulse.textContent()).toBe('live');
  let asked = 0;
  await at.page.route('**/*.json', (route) => {
    asked++;
    return route.fulfill({ status: 503, body: 'no' });
  });
  await at.turn(REFRESH_MS);
  await at.page.locator('[data-pulse].lost').waitFor();
  expect(await pulse.textContent()).toBe('not connected');
  await at.page.clock.runFor(REFRESH_MS);
  expect(asked).toBe(1);
  await at.page.unroute('**/*.json');
  await at.turn(REFRESH_MS);
  await at.page.locator('[data-pulse]:not(.lost)').waitFor();
  // The refused answers, which the browser itself reports.
  expect(at.troubles.splice(0)).toEqual([expect.stringContaining('503')]);
});

it('sends a test from the form, with an endpoint chosen by a click', async () => {
  const id = await insertDelivery(at.bench.pool);
  at.bench.answers.enqueue = () => ({ ok: true, answer: { delivery_id: Number(id), created: true, warnings: [] } });
  await at.goto(`/send`);
  await at.page.getByLabel('Delay, seconds').fill('5');
  await at.page.getByText('/demo/fail/3').click();
  expect(await at.page.getByLabel('Endpoint').inputValue()).toBe(`${at.bench.origin}/demo/fail/3`);
  await at.page.getByRole('button', { name: 'Send' }).click();
  await at.page.waitForURL(`**/deliveries/${id}`);
  expect(at.bench.invoked[0]?.payload).toMatchObject({
    endpoint_url: `${at.bench.origin}/demo/fail/3`,
    organization_id: 1,
  });
  delete at.bench.answers.enqueue;
});

it('redelivers a dead letter by its button', async () => {
  const id = await insertDelivery(at.bench.pool, deadLetter());
  await at.goto(`/deliveries/${id}`);
  await at.page.getByRole('button', { name: 'Redeliver' }).click();
  await expect
    .poll(() => at.bench.invoked)
    .toEqual([
      { functionName: 'operate', payload: { action: 'redeliver', delivery_ids: [Number(id)], by: 'console' } },
    ]);
});

it('sweeps in place', async () => {
  at.bench.answers.sweep = () => ({ ok: true, answer: { put_back: 2, note: '<b>' } });
  await at.goto(`/orders`);
  await at.page.getByRole('button', { name: 'Sweep now' }).click();
  const notice = at.page.locator('[data-notice]');
  await notice.getByText('put back: 2').waitFor();
  expect(await notice.textContent()).toBe('Swept. put back: 2, note: <b>');
  expect(new URL(at.page.url()).pathname).toBe('/orders');
  delete at.bench.answers.sweep;
});

it('works without its script', async () => {
  await at.page.context().close();
  await at.open({ javaScriptEnabled: false });
  await insertDelivery(at.bench.pool, succeeded({ updated_at: '2026-11-23T11:59:30Z' }));
  await at.goto(`/`);
  await at.page.getByRole('searchbox').fill('receiver.example');
  await at.page.getByRole('button', { name: 'Find' }).click();
  expect(await at.page.locator('tr.succeeded time').nth(1).textContent()).toBe('2026-11-23 11:59 UTC');
  await at.goto(`/orders`);
  await at.page.getByRole('button', { name: 'Sweep now' }).click();
  await at.page.getByRole('heading', { name: 'Done' }).waitFor();
});

it('goes to the search by a slash, and to the content by the first link', async () => {
  await at.goto(`/`);
  await at.page.keyboard.press('/');
  expect(await at.page.evaluate('document.activeElement.id')).toBe('q');
  await at.goto(`/`);
  await at.page.keyboard.press('Tab');
  await at.page.keyboard.press('Enter');
  expect(await at.page.evaluate('document.activeElement.id')).toBe('content');
});
