import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type ConsoleBench, startConsoleBench } from '../console/console-world.ts';

/** A page of the console in Chromium. CHROMIUM_PATH names another one than /usr/bin/chromium. */
export class ConsoleInBrowser {
  browser!: Browser;
  bench!: ConsoleBench;
  page!: Page;
  /** Errors, violations of the policy, dialogs: nothing of the kind may ever happen. */
  troubles: string[] = [];

  /** One browser and one console for the tests of a file, a new page for each. */
  static forEachTest(): ConsoleInBrowser {
    const at = new ConsoleInBrowser();
    beforeAll(async () => {
      at.browser = await chromium.launch({
        executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
        args: ['--no-sandbox'],
      });
      // The server's own clock goes ahead with every look, so that it never answers with an earlier one's counts.
      let nowMs = Date.now();
      at.bench = await startConsoleBench({ nowMs: () => (nowMs += 1000), patienceMs: 60_000 });
    });
    afterAll(async () => {
      await at.browser.close();
      await at.bench.close();
    });
    beforeEach(async () => {
      await at.bench.pool.query('truncate webhook_deliveries, webhook_delivery_attempts, webhook_endpoints');
      at.bench.invoked.length = 0;
      await at.open();
    });
    afterEach(async () => {
      await at.page.context().close();
      if (at.troubles.length > 0) throw new Error(`the page had trouble: ${at.troubles.join('; ')}`);
    });
    return at;
  }

  async open(options: BrowserContextOptions = {}): Promise<void> {
    this.troubles = [];
    const context = await this.browser.newContext({ timezoneId: 'Asia/Kathmandu', locale: 'en-GB', ...options });
    this.page = await context.newPage();
    this.page.on('console', (message) => this.troubles.push(message.text()));
    this.page.on('pageerror', (error) => this.troubles.push(error.message));
    this.page.on('dialog', (dialog) => this.troubles.push(dialog.message()));
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.bench.origin}${path}`);
  }

  /** With the page's clock stopped at one second past noon. */
  async visit(path: string): Promise<void> {
    await this.page.clock.install({ time: '2026-11-23T12:00:00Z' });
    await this.page.clock.pauseAt('2026-11-23T12:00:01Z');
    await this.goto(path);
  }

  /** Turns the page's clock, and waits for what the page then asks for. */
  async turn(ms: number): Promise<void> {
    const answered = this.page.waitForResponse((response) => response.url().includes('.json'));
    await this.page.clock.runFor(ms);
    await answered;
  }
}
