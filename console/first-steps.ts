import { type Html, html } from './html.ts';
import type { LocalParts } from './console-parts.ts';

/** What an empty console says: how the first webhook is sent. */
export function firstSteps(local: LocalParts, origin: string): Html {
  return html`<section class="first">
    <h2>No deliveries yet</h2>
    <p>
      This is your stack, running on this machine. Hand it a webhook the way a service would, by invoking its enqueue
      function:
    </p>
    <pre tabindex="0"><code>${firstCurl(local, origin)}</code></pre>
    <p>
      It goes to the <a href="/demo-receiver">demo receiver</a>, which fails once, so that you see a retry here. Or fill
      in <a href="/send">a form</a> instead. Any AWS SDK works too, with <code>${origin}</code> as its endpoint and any
      credentials.
    </p>
  </section>`;
}

function firstCurl({ region, functions }: LocalParts, origin: string): string {
  const request = {
    workflow_run_id: 1,
    organization_id: 1,
    webhook_node_id: 'first',
    endpoint_url: `${origin}/demo/fail/1`,
    payload: { hello: 'world' },
  };
  return [
    `curl --aws-sigv4 aws:amz:${region}:lambda --user local:local`,
    `  ${origin}/2015-03-31/functions/${functions['enqueue'] ?? 'enqueue'}/invocations`,
    `  --data '${JSON.stringify(request)}'`,
  ].join(' \\\n');
}
