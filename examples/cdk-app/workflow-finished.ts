import { createSurehook, SurehookError } from 'surehook/client';

/** What the application knows of a run that has finished. */
type FinishedRun = {
  runId: number;
  organizationId: number;
  /** The webhooks that the workflow's author has set up. */
  webhooks: readonly { nodeId: string; url: string; credentialUuid?: string }[];
  result: Readonly<Record<string, unknown>>;
};

const surehook = createSurehook({ functionName: process.env['ENQUEUE_FUNCTION'] ?? '' });

/** Returns how many webhooks were handed over. A retry of this function hands over nothing twice. */
export async function handler(run: FinishedRun): Promise<{ handedOver: number }> {
  const results = await surehook.enqueueMany(
    run.webhooks.map(({ nodeId, url, credentialUuid }) => ({
      workflow_run_id: run.runId,
      organization_id: run.organizationId,
      webhook_node_id: nodeId,
      endpoint_url: url,
      credential_uuid: credentialUuid ?? null,
      payload: { event: 'workflow.finished', run: run.runId, result: run.result },
    })),
  );
  const refused = results.flatMap((result) => ('error' in result ? [result.error] : []));
  for (const { errorType, errorMessage } of refused) process.stderr.write(`${errorType}: ${errorMessage}\n`);
  // What passes is worth another try of the whole function: what is stored already is recognised.
  const passing = refused.find(({ errorType, errorMessage }) => new SurehookError(errorType, errorMessage).retryable);
  if (passing !== undefined) throw new SurehookError(passing.errorType, passing.errorMessage);
  return { handedOver: results.length - refused.length };
}
