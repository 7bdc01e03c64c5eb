import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { EventBridgeEvent } from 'aws-lambda';

/** What this needs of the details; surehook/endpoint-down.schema.json has them whole. */
type Turn = {
  organization_id: number;
  endpoint: string | null;
  scope: 'endpoint' | 'origin';
  reason: string | null;
  failures: number;
  down_since: string;
  endpoint_key?: string | null;
};

const SLACK_MS = 5_000;
const secrets = new SecretsManagerClient();

/** Tells a channel that an endpoint went down, and that it answers again. A repeated event says the same once more. */
export async function handler(event: EventBridgeEvent<'Endpoint Down' | 'Endpoint Up', Turn>): Promise<void> {
  // Whoever knows an incoming webhook's URL can write to the channel: it is a secret.
  const secret = await secrets.send(new GetSecretValueCommand({ SecretId: process.env['SLACK_SECRET'] ?? '' }));
  const response = await fetch(secret.SecretString ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: textOf(event) }),
    signal: AbortSignal.timeout(SLACK_MS),
  });
  // Lambda tries an event again whose function failed.
  if (!response.ok) throw new Error(`Slack answered ${response.status}`);
}

function textOf({ 'detail-type': detailType, detail }: EventBridgeEvent<string, Turn>): string {
  const { endpoint, scope, organization_id: organization, reason, failures, down_since: since } = detail;
  const hold = detail.endpoint_key ? ` To hold it: surehook hold --key ${detail.endpoint_key}` : '';
  const what = `${scope === 'origin' ? 'Everything at' : 'An endpoint at'} ${endpoint ?? 'an unknown origin'}`;
  const whose = `of organization ${organization}`;
  if (detailType === 'Endpoint Up') return `${what} ${whose} answers again; it had been down since ${since}.`;
  return `${what} ${whose} is down after ${failures} failures in a row (${reason ?? 'unknown'}). Its webhooks are held.${hold}`;
}
