import { createWaitingLambdaClient } from '../shared/aws/clients.ts';
import { createLambdaInspector } from '../shared/aws/lambda-inspector.ts';
import { showWidget } from '../shared/operate/show-widget.ts';
import { buildOnce } from '../shared/runtime/build-once.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { refuseUnsafeEnvironment } from '../shared/runtime/unsafe-environment.ts';
import { readSettings } from '../shared/settings.ts';

// Called by a CloudWatch dashboard, as whoever looks at it.
export const handler = buildOnce(build, show);

// Runs on a cold start only, and constructs every client.
function build() {
  refuseUnsafeEnvironment(process.env);
  const { inspectFunctionName, operateArn } = readSettings(process.env, (reader) => ({
    inspectFunctionName: reader.required('INSPECT_FUNCTION_NAME'),
    operateArn: reader.required('OPERATE_FUNCTION_ARN'),
  }));
  return {
    inspector: createLambdaInspector(createWaitingLambdaClient(), inspectFunctionName, systemClock),
    operateArn,
    clock: systemClock,
  };
}

// Runs for every event: delegate, return.
async function show(event: unknown, parts: ReturnType<typeof build>) {
  return showWidget(event, parts);
}
