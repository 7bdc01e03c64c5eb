// How the console looks: on small screens, in its colours, to the keyboard. Real: Chromium, the console over HTTP, the rules of
// inspect and its statements, PostgreSQL. Doubles: the other functions, played by the bench.
import { expect, it } from 'vitest';
import { deadLetter, insertDelivery, succeeded } from '../console/console-world.ts';
import { ConsoleInBrowser } from './console-in-browser.ts';

const at = ConsoleInBrowser.forEachTest();

it.each([320, 390, 768, 1000, 1280])('fits a screen %d wide', async (width) => {
  await at.page.setViewportSize({ width, height: 700 });
  const long = 'w'.repeat(300);
  const columns = {
    webhook_name: long,
    last_error: long,
    payload: `"${long}"`,
    endpoint_url: `https://${long}/${long}`,
  };
  const id = await insertDelivery(at.bench.pool, deadLetter(columns));
  await at.bench.pool.query(
    `insert into webhook_endpoints (key, scope, organization_id, origin, failures, last_error_class, stopped_at, stopped_note)
     select key, scope, 1, $1, 9, 'timeout', now(), $1 from webhook_endpoint_keys(1, $1) where scope = 'endpoint'`,
    [`https://${long}`],
  );
  const key = (await at.bench.pool.query<{ key: string }>('select key from webhook_endpoints')).rows[0]?.key;
  for (const path of [
    '/',
    '/?state=dead_letter',
    '/?state=pending',
    '/concerned?state=dead_letter',
    `/deliveries/${id}?include=payload`,
    '/endpoints',
    `/endpoints/change?action=set_endpoint&endpoint_key=${key}`,
    '/send',
    `/order?status=dead_letter&endpoint_url=https://${long}/`,
    '/orders',
    '/demo-receiver',
  ]) {
    await at.goto(`${path}`);
    expect([path, await at.page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
  }
});

it.each(['light', 'dark'] as const)('has enough contrast in its %s colours', async (colorScheme) => {
  await at.page.emulateMedia({ colorScheme });
  const lease = { lease_token: '00000000-0000-4000-8000-000000000000', lease_expires_at: '2126-01-01T00:00:00Z' };
  const held = {
    held_by: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f',
    held_for: 'down',
    held_due_at: '2026-11-23T11:40:00Z',
  };
  for (const columns of [{}, lease, held, { scheduled_for: '2126-01-01T00:00:00Z' }, succeeded(), deadLetter()]) {
    await insertDelivery(at.bench.pool, columns);
  }
  await at.bench.pool
    .query(`insert into webhook_endpoints (key, scope, organization_id, failures, down_since, in_flight_window, not_before, stopped_at)
    select gen_random_uuid(), 'organization', n, n, case when n = 1 then now() end, case n when 1 then 1 when 2 then 1 end,
      case when n = 1 then now() end, case when n = 3 then now() end from generate_series(1, 4) n`);
  const id = await insertDelivery(at.bench.pool, deadLetter());
  for (const path of ['/', '/endpoints', `/deliveries/${id}`]) {
    await at.goto(`${path}`);
    expect([path, await at.page.evaluate(CONTRASTS_BELOW_AA)]).toEqual([path, []]);
  }
});

it('is reached by the keyboard: every link, field and button of a page shows where it is', async () => {
  await insertDelivery(at.bench.pool, deadLetter());
  for (const path of ['/', '/endpoints', '/order']) {
    await at.goto(`${path}`);
    const count = await at.page.evaluate(
      "[...document.querySelectorAll('a, button, input, select, summary')].filter((one) => one.checkVisibility() && !one.disabled && one.type !== 'hidden').length",
    );
    const seen = new Set<unknown>();
    for (let n = 0; n < Number(count); n++) {
      await at.page.keyboard.press('Tab');
      const [place, outline] = (await at.page.evaluate(
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
