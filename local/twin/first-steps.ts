import { BlockList, isIPv4 } from 'node:net';
import { readDeliverySettings, retriesInWords } from '../../shared/settings.ts';
import type { Endpoints } from './endpoints-file.ts';

/**
 * The commands that enqueue a first webhook to the demo receiver, ready to be pasted.
 *
 * @param deployed the stack's functions, in whose environment its settings are: if they do not allow this machine's address,
 *   the demo receiver is out of reach
 */
export function firstSteps(
  { aws, console, region, functions }: Endpoints,
  deployed: readonly { environment: Readonly<Record<string, string>> }[],
): string {
  const settings = readDeliverySettings(
    Object.fromEntries(deployed.flatMap(({ environment }) => Object.entries(environment))),
  );
  const enqueue = functions['enqueue'] ?? '';
  const request = JSON.stringify({
    workflow_run_id: 1,
    organization_id: 1,
    webhook_node_id: 'first',
    endpoint_url: `${aws}/demo/fail/1`,
    payload: { hello: 'world' },
  });
  return [
    '',
    `  console   ${console}`,
    `  retries   ${retriesInWords(settings)}`,
    '',
    allowsThisMachine(settings.egressAllowCidrs)
      ? '  Enqueue a first webhook. Its demo receiver fails once, then succeeds:'
      : '  Enqueue a first webhook to an endpoint_url of your own: EGRESS_ALLOW_CIDRS keeps the demo receiver out of reach.',
    '',
    `  curl --aws-sigv4 aws:amz:${region}:lambda --user local:local \\`,
    `    ${aws}/2015-03-31/functions/${enqueue}/invocations \\`,
    `    -d '${request}'`,
    '',
    '  or, with the AWS CLI:',
    '',
    `  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws --endpoint-url ${aws} --region ${region} \\`,
    `    lambda invoke --cli-binary-format raw-in-base64-out --function-name ${enqueue} \\`,
    `    --payload '${request}' /dev/stdout`,
    '',
    '  Other answers: /demo/ok  /demo/fail/<times>  /demo/status/<code>  /demo/slow/<seconds>  /demo/hang-up',
    '  Stop with Ctrl-C; everything is kept for the next start.',
    '',
  ].join('\n');
}

function allowsThisMachine(cidrs: readonly string[]): boolean {
  const allowed = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    if (isIPv4(address)) allowed.addSubnet(address, Number(bits), 'ipv4');
  }
  return allowed.check('127.0.0.1', 'ipv4');
}
