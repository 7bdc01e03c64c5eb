import { isJsonObject } from '../../json-object.ts';
import type { QueueSettings } from './queue-settings.ts';
import type { Queue } from './queue.ts';
import { invalidParameter, plainError } from './sqs-error.ts';

type NumberSetting = Exclude<keyof QueueSettings, 'redrive' | 'inert'>;

/** Attribute, setting and the range that SetQueueAttributes documents. */
const NUMBER_ATTRIBUTES: Readonly<Record<string, { setting: NumberSetting; from: number; to: number }>> = {
  DelaySeconds: { setting: 'delaySeconds', from: 0, to: 900 },
  MaximumMessageSize: { setting: 'maximumMessageBytes', from: 1024, to: 1_048_576 },
  MessageRetentionPeriod: { setting: 'retentionSeconds', from: 60, to: 1_209_600 },
  ReceiveMessageWaitTimeSeconds: { setting: 'receiveWaitSeconds', from: 0, to: 20 },
  VisibilityTimeout: { setting: 'visibilityTimeoutSeconds', from: 0, to: 43_200 },
};

/** Without effect here; SQS answers them as they were set. */
const INERT_ATTRIBUTES: ReadonlySet<string> = new Set([
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
  'Policy',
  'RedriveAllowPolicy',
  'SqsManagedSseEnabled',
]);

/** The attributes named, or every one for `All`. Throws InvalidAttributeName. */
export function queueAttributes(queue: Queue, names: readonly string[]): Record<string, string> {
  const all = everyAttribute(queue);
  const unknown = names.find((name) => name !== 'All' && !(name in all) && !isKnown(name));
  if (unknown !== undefined) throw plainError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  const wanted = Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name));
  return Object.fromEntries(wanted);
}

/**
 * The settings with `attributes` applied. Throws InvalidAttributeName and InvalidAttributeValue, and InvalidParameterValue for
 * a dead-letter queue that `isQueue` does not know.
 */
export function changedSettings(
  settings: Readonly<QueueSettings>,
  attributes: Readonly<Record<string, unknown>>,
  isQueue: (arn: string) => boolean,
): QueueSettings {
  const changed = { ...settings };
  for (const [name, value] of Object.entries(attributes)) {
    const number = NUMBER_ATTRIBUTES[name];
    if (number !== undefined) changed[number.setting] = readNumber(name, value, number);
    else if (name === 'RedrivePolicy') changed.redrive = existing(readRedrivePolicy(value), isQueue);
    else if (INERT_ATTRIBUTES.has(name)) changed.inert = withInert(changed.inert, name, value);
    else throw plainError('InvalidAttributeName', `Unknown Attribute ${name}.`);
  }
  return changed;
}

function everyAttribute(queue: Queue): Record<string, string> {
  const { settings } = queue;
  const depth = queue.depth();
  const createdAtSeconds = String(Math.floor(queue.createdAtMs / 1000));
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(depth.visible),
    ApproximateNumberOfMessagesNotVisible: String(depth.inFlight),
    ApproximateNumberOfMessagesDelayed: String(depth.delayed),
    CreatedTimestamp: createdAtSeconds,
    LastModifiedTimestamp: createdAtSeconds,
    ...Object.fromEntries(
      Object.entries(NUMBER_ATTRIBUTES).map(([name, { setting }]) => [name, String(settings[setting])]),
    ),
    // A key of its own takes the place of SQS' encryption.
    SqsManagedSseEnabled: settings.inert['KmsMasterKeyId'] === undefined ? 'true' : 'false',
    ...(settings.inert['KmsMasterKeyId'] !== undefined && { KmsDataKeyReusePeriodSeconds: '300' }),
    ...settings.inert,
    ...(settings.redrive !== undefined && { RedrivePolicy: JSON.stringify(settings.redrive) }),
  };
}

function isKnown(name: string): boolean {
  return name === 'RedrivePolicy' || name in NUMBER_ATTRIBUTES || INERT_ATTRIBUTES.has(name);
}

function readNumber(name: string, value: unknown, range: { from: number; to: number }): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.from && number <= range.to) return number;
  throw invalidValue(name);
}

/** The empty string takes the policy away. */
function readRedrivePolicy(value: unknown): QueueSettings['redrive'] {
  if (value === '') return undefined;
  const policy = typeof value === 'string' ? parsed(value) : undefined;
  if (!isJsonObject(policy)) throw invalidValue('RedrivePolicy');
  const { deadLetterTargetArn } = policy;
  const maxReceiveCount = Number(policy['maxReceiveCount']);
  if (typeof deadLetterTargetArn !== 'string' || !Number.isInteger(maxReceiveCount))
    throw invalidValue('RedrivePolicy');
  if (maxReceiveCount < 1 || maxReceiveCount > 1000) throw invalidValue('RedrivePolicy');
  return { deadLetterTargetArn, maxReceiveCount };
}

function existing(redrive: QueueSettings['redrive'], isQueue: (arn: string) => boolean): QueueSettings['redrive'] {
  if (redrive === undefined || isQueue(redrive.deadLetterTargetArn)) return redrive;
  throw invalidParameter(
    `Value ${JSON.stringify(redrive)} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
  );
}

/** The empty string takes an attribute away. */
function withInert(inert: QueueSettings['inert'], name: string, value: unknown): QueueSettings['inert'] {
  if (typeof value !== 'string') throw invalidValue(name);
  if ((name === 'Policy' || name === 'RedriveAllowPolicy') && value !== '' && !isJsonObject(parsed(value))) {
    throw invalidValue(name);
  }
  const others = Object.entries(inert).filter(([other]) => other !== name);
  return Object.fromEntries(value === '' ? others : [...others, [name, value]]);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function invalidValue(name: string): Error {
  return plainError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
}
