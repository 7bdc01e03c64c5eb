import { expect, test } from 'vitest';
import type { RunningStack } from '../support/stack/running-stack.ts';
import { buttonsOf } from '../support/stack/widget-buttons.ts';

/** The dashboard's widget as the local dashboard asks for it: its function invokes inspect, a click operate. */
export function describeWidget(stackOf: () => RunningStack): void {
  test('the widget of the dashboard shows what has died, and a click redelivers it', async () => {
    const stack = stackOf();
    const { aws, console: page } = stack.endpoints;
    const ask = async (question: object): Promise<string> => {
      const headers = { origin: aws, 'content-type': 'application/json' };
      const body = JSON.stringify({ dashboard: 0, widget: WIDGET, ...question });
      const answer = await fetch(new URL('/console/dashboard/call', page), { method: 'POST', headers, body });
      return ((await answer.json()) as { html: string }).html;
    };
    const gone = await stack.enqueue({
      workflow_run_id: 901,
      organization_id: 9,
      webhook_node_id: 'widget',
      webhook_name: '<script>',
      endpoint_url: `${aws}/demo/status/410?token=secret`,
      payload: { secret: 1 },
    });
    await stack.over(gone.delivery_id);

    const markup = await ask({});
    expect(markup).toContain('The receiver refused it for good with 410: the URL is gone for good.');
    expect(markup).toContain('&lt;script&gt;');
    expect(markup).not.toContain('secret');
    const button = buttonsOf(markup).find(
      ({ label, request }) => label === 'Redeliver' && String(request['delivery_ids']) === String(gone.delivery_id),
    );
    const params = JSON.stringify(button?.request);
    expect(await ask({ endpoint: button?.endpoint, params })).toContain('1 of 1 pending again.');
    expect(await ask({ endpoint: button?.endpoint, params })).toContain('1 of 1 pending again.');
    const { answer } = (await stack.invoke('inspect', { action: 'orders' })) as { answer: { orders: object[] } };
    const given = answer.orders.filter((order) => JSON.stringify(order).includes('the dashboard WebhookDelivery'));
    expect(given).toMatchObject([{ action: 'redeliver', done: 1 }]);
  });
}

/** Behind the alarms, the runbook and the figures. */
const WIDGET = 3;
