let lastRun = 1_000;

/** A run that no other test of this file has. */
export function newRun(): number {
  return ++lastRun;
}

/** A sound enqueue request of a run of its own; what a test names is the only thing that matters to it. */
export function aDelivery(fields: { endpoint_url: string } & Record<string, unknown>): Record<string, unknown> {
  const hasPayload = ['payload', 'payload_json', 'payload_template'].some((name) => name in fields);
  return {
    workflow_run_id: newRun(),
    organization_id: 7,
    webhook_node_id: 'node',
    ...(hasPayload ? {} : { payload: { event: 'finished' } }),
    ...fields,
  };
}
