// Hands over one webhook: node hand-over.ts <endpoint URL> [credential UUID] [run id]
import { createSurehook, SurehookError } from 'surehook/client';

const [endpointUrl = '', credentialUuid = null, runId = '1001'] = process.argv.slice(2);
const surehook = createSurehook({ functionName: process.env['ENQUEUE_FUNCTION'] ?? '' });

try {
  const answer = await surehook.enqueue({
    workflow_run_id: Number(runId),
    organization_id: 1,
    webhook_node_id: 'from-typescript',
    endpoint_url: endpointUrl,
    credential_uuid: credentialUuid,
    payload_template: { greeting: 'Hello {{name | world}}', at: '{{current_time}}' },
    render_context: { name: 'TypeScript' },
  });
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (error) {
  if (!(error instanceof SurehookError)) throw error;
  // `retryable`: the same request may be taken later.
  process.stderr.write(`${error.errorType}: ${error.message}\n`);
  process.exitCode = 1;
}
