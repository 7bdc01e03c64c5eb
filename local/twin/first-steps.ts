import { BlockList, isIPv4 } from 'node:net';
import { readDeliverySettings, retriesInWords } from '../../shared/settings.ts';
import type { Endpoints } from './endpoints-file.ts';

type Surroundings = {
  deployed: readonly { environment: Readonly<Record<string, string>> }[];
  logFile: string;
  pause?: { afterSeconds: number; wakeSeconds: number } | undefined;
};

/**
 * The commands that enqueue a first webhook to the demo receiver, ready to be pasted.
 *
 * @param deployed the stack's functions, in whose environment its settings are: if they do not allow this machine's address,
 *   the demo receiver is out of reach
 * @param logFile what the functions write
 * @param pause when the database pauses; undefined: never
 */
export function firstSteps(
  { aws, console, region, functions }: Endpoints,
  { deployed, logFile, pause }: Surroundings,
): string {
  const settings = readDeliverySettings(
    Object.fromEntries(deployed.flatMap(({ environment }) => Object.entries(environment))),
  );
  const isDemoInReach = allowsThisMachine(settings.egressAllowCidrs);
  const enqueue = functions['enqueue'] ?? '';
  const request = (webhookNodeId: string, path: string): string =>
    JSON.stringify({
      workflow_run_id: 1,
      organization_id: 1,
      webhook_node_id: webhookNodeId,
      endpoint_url: `${aws}${path}`,
      payload: { hello: 'world' },
    });
  const curl = [
    `  curl --aws-sigv4 aws:amz:${region}:lambda --user local:local \\`,
    `    ${aws}/2015-03-31/functions/${enqueue}/invocations \\`,
  ];
  return [
    '',
    `  console   ${console}`,
    `  retries   ${retriesInWords(settings)}`,
    `  log       ${logFile}`,
    ...(pause === undefined ? [] : [`  database  ${pauseInWords(pause)}`]),
    '',
    isDemoInReach
      ? '  Enqueue a first webhook. It arrives at once:'
      : '  Enqueue a first webhook to an endpoint_url of your own: EGRESS_ALLOW_CIDRS keeps the demo receiver out of reach.',
    '',
    ...curl,
    `    -d '${request('first', '/demo/ok')}'`,
    '',
    ...(isDemoInReach
      ? [
          '  A second one, whose demo receiver fails once: the next attempt is counted down to here.',
          '',
          ...curl,
          `    -d '${request('second', '/demo/fail/1')}'`,
          '',
        ]
      : []),
    '  or, with the AWS CLI 2:',
    '',
    `  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws --endpoint-url ${aws} --region ${region} \\`,
    `    lambda invoke --cli-binary-format raw-in-base64-out --function-name ${enqueue} \\`,
    `    --payload '${request('third', '/demo/ok')}' /dev/stdout`,
    '',
    '  Other answers: /demo/ok  /demo/fail/<times>  /demo/status/<code>  /demo/slow/<seconds>  /demo/hang-up',
    '  Stop with Ctrl-C; everything is kept for the next start.',
    '',
  ].join('\n');
}

function pauseInWords({ afterSeconds, wakeSeconds }: NonNullable<Surroundings['pause']>): string {
  const idle = afterSeconds % 60 === 0 ? counted(afterSeconds / 60, 'minute') : counted(afterSeconds, 'second');
  return `pauses after ${idle} without a call; the next request wakes it, in ${counted(wakeSeconds, 'second')}`;
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function allowsThisMachine(cidrs: readonly string[]): boolean {
  const allowed = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    if (isIPv4(address)) allowed.addSubnet(address, Number(bits), 'ipv4');
  }
  return allowed.check('127.0.0.1', 'ipv4');
}
