import { createServer } from 'node:http';
import { readStaticAssets } from '../../console/static-assets.ts';
import { send } from '../../console/respond.ts';
import { createDashboardHandler } from '../../local/dashboard/dashboard-handler.ts';
import type { FunctionAnswer } from '../../local/dashboard/custom-widget.ts';
import { createAlarmStates } from '../../local/aws/metrics/alarm-states.ts';
import { createMetricStore } from '../../local/aws/metrics/metric-store.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

export type DashboardBench = {
  origin: string;
  /** What was asked of functions, oldest first. */
  invoked: { functionArn: string; event: Record<string, unknown> }[];
  close(): Promise<void>;
};

/** A dashboard of one custom widget, behind HTTP with the console's assets; its functions answer as the test says. */
export async function startDashboardBench(
  answer: (functionArn: string, event: Record<string, unknown>) => FunctionAnswer | Promise<FunctionAnswer>,
): Promise<DashboardBench> {
  const timers = new ManualTimers(Date.parse('2026-11-26T12:00:00Z'));
  const store = createMetricStore({ timers });
  const assets = readStaticAssets();
  const invoked: DashboardBench['invoked'] = [];
  let handle: ReturnType<typeof createDashboardHandler> | undefined;
  const server = createServer((request, response) => {
    const asset = assets.get(request.url?.replace('/console/assets/', '') ?? '');
    if (asset !== undefined) send(response, asset);
    else void handle?.(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const properties = { title: 'Dead letters and endpoints', endpoint: 'arn:widget', params: {} };
  handle = createDashboardHandler({
    dashboards: [
      {
        logicalId: 'Dashboard',
        name: 'Webhooks',
        body: { widgets: [{ type: 'custom', x: 0, y: 0, width: 24, height: 14, properties }] },
      },
    ],
    store,
    alarms: createAlarmStates({ alarms: [], store, timers }),
    timers,
    origin,
    invoke: async (functionArn, event) => {
      invoked.push({ functionArn, event });
      return answer(functionArn, event);
    },
  });
  return {
    origin,
    invoked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
