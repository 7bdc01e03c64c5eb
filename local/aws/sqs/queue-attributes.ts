import { isJsonObject } from '../../json-object.ts';
import type { QueueSettings } from './queue-settings.ts';
import type { Queue } from './queue.ts';
import { plainError } from './sqs-error.ts';

type NumberSetting = Exclude<keyof QueueSettings, 'redrive'>;

/** Attribute, setting and the range that SetQueueAttributes documents. */
const NUMBER_ATTRIBUTES: Readonly<Record<string, { setting: NumberSetting; from: number; to: number }>> = {
  DelaySeconds: { setting: 'delaySeconds', from: 0, to: 900 },
  MaximumMessageSize: { setting: 'maximumMessageBytes', from: 1024, to: 1_048_576 },
  MessageRetentionPeriod: { setting: 'retentionSeconds', from: 60, to: 1_209_600 },
  ReceiveMessageWaitTimeSeconds: { setting: 'receiveWaitSeconds', from: 0, to: 20 },
  VisibilityTimeout: { setting: 'visibilityTimeoutSeconds', from: 0, to: 43_200 },
};

/** Accepted, but without effect here: access and encryption at rest have no counterpart on one machine. */
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

/** The settings with `attributes` applied. Throws InvalidAttributeName and InvalidAttributeValue. */
export function changedSettings(
  settings: Readonly<QueueSettings>,
  attributes: Readonly<Record<string, unknown>>,
): QueueSettings {
  const changed = { ...settings };
  for (const [name, value] of Object.entries(attributes)) {
    const number = NUMBER_ATTRIBUTES[name];
    if (number !== undefined) changed[number.setting] = readNumber(name, value, number);
    else if (name === 'RedrivePolicy') changed.redrive = readRedrivePolicy(value);
    else if (!isKnown(name)) throw plainError('InvalidAttributeName', `Unknown Attribute ${name}.`);
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
    SqsManagedSseEnabled: 'true',
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
