import { Token } from 'aws-cdk-lib';
import { MAX_RUNBOOK_URL_CHARACTERS } from './alarm-text.ts';
import { ALARM_NAMES } from './stack-settings.ts';
import type { WebhookDeliveryProps } from './webhook-delivery-props.ts';

/** What is wrong with the props that say whom alarms wake, and what these read. */
export function alarmFaults(props: WebhookDeliveryProps): string[] {
  const { alarmTopicArn, alarmEmail, runbookUrl } = props;
  const faults: string[] = [];
  const given = (['alarmTopic', 'alarmTopicArn', 'alarmEmail'] as const).filter((name) => props[name] !== undefined);
  if (given.length > 1) {
    faults.push(`${given.join(' and ')} cannot be set together: subscribe the address to the one topic instead`);
  }
  // A name that nobody knows would leave an alarm in that somebody believes to be off.
  for (const name of Object.keys(props.alarms ?? {})) {
    if (!ALARM_NAMES.some((known) => known === name))
      faults.push(`alarms.${name} is no alarm: they are ${ALARM_NAMES.join(', ')}`);
  }
  if (isWritten(alarmTopicArn) && !/^arn:[^:]+:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/.test(alarmTopicArn)) {
    faults.push(
      'alarmTopicArn must be the ARN of a standard topic, such as arn:aws:sns:eu-central-1:111122223333:on-call',
    );
  }
  if (isWritten(alarmEmail) && !/^[^@\s]+@[^@\s]+$/.test(alarmEmail)) faults.push('alarmEmail must be an address');
  if (isWritten(runbookUrl) && !isPage(runbookUrl)) {
    faults.push(
      `runbookUrl must be an absolute http(s) URL of at most ${MAX_RUNBOOK_URL_CHARACTERS} characters, without a fragment`,
    );
  }
  return faults;
}

/** Here, and not by CloudFormation when it deploys. */
function isWritten(text: string | undefined): text is string {
  return text !== undefined && !Token.isUnresolved(text);
}

function isPage(url: string): boolean {
  const isWeb = /^https?:\/\/[^\s#]+$/.test(url) && URL.canParse(url);
  return isWeb && url.length <= MAX_RUNBOOK_URL_CHARACTERS;
}
