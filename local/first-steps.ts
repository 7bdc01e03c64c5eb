import type { Endpoints } from './endpoints-file.ts';

/** The commands that enqueue a first webhook to the demo receiver, ready to be pasted. */
export function firstSteps({ aws, console, region, functions }: Endpoints): string {
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
    '',
    '  Enqueue a first webhook. Its demo receiver fails once, then succeeds:',
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
