import type { EndpointTurn } from '../delivery/store-answers.ts';
import type { DeliverParts } from './batch-context.ts';

/** Says which endpoints went down, and which answered again. */
export function reportTurns(turns: readonly EndpointTurn[], { log, metrics }: DeliverParts): void {
  for (const { became, organizationId, origin, failures } of turns) {
    const fields = { organization_id: organizationId, origin, failures };
    if (became === 'down') log.warn('endpoint_down', fields);
    else log.info('endpoint_up', fields);
    metrics.count(became === 'down' ? 'EndpointsWentDown' : 'EndpointsCameUp');
  }
}
