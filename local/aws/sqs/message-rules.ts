import { isJsonObject, type JsonObject } from '../../json-object.ts';
import type { MessageAttribute } from './attribute-digest.ts';
import type { OutgoingMessage } from './message.ts';
import {
  invalidParameter,
  malformedInput,
  plainError,
  prefixedError,
  object,
  optionalInteger,
  optionalText,
  requiredText,
} from './sqs-error.ts';

/** "Valid values: 0 to 900. Maximum: 15 minutes." (SendMessage) */
const DELAY_RANGE = { from: 0, to: 900, reason: 'DelaySeconds must be >= 0 and <= 900.' };
/** "A message can contain up to 10 metadata attributes." (message quotas) */
const MAX_ATTRIBUTES = 10;
/** Name and type of an attribute, characters (message metadata). */
const MAX_NAME_CHARACTERS = 256;
/** What SendMessage documents; with the u flag a lone surrogate is one of the others. */
const FORBIDDEN_CHARACTER = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
const ALLOWED_CHARACTERS = '#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF';
/** Letters, digits and ASCII punctuation: all of printable ASCII except the space. */
const GROUP_ID = /^[!-~]{1,128}$/;
/** Letters, digits, `_`, `-` and `.`, no period at either end or beside another. */
const ATTRIBUTE_NAME = /^[\w-]+(\.[\w-]+)*$/;
const RESERVED_NAME = /^(aws|amazon)\./i;
const DECIMAL_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const ATTRIBUTE_TYPE = /^(String|Number|Binary)(\..+)?$/s;

/** Reads a send, or one entry of a batch, and refuses what SQS refuses in it. Sizes are bytes of UTF-8. */
export function readSend(fields: JsonObject, maximumMessageBytes: number): OutgoingMessage {
  const body = requiredText(fields, 'MessageBody');
  checkCharacters(body, 'InvalidMessageContents', 'the message body');
  const attributes = readAttributes(object(fields, 'MessageAttributes'), 'user');
  if (sendBytes(fields) > maximumMessageBytes) {
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${maximumMessageBytes} bytes.`,
    );
  }
  refuseDeduplication(fields);
  return {
    body,
    attributes,
    delaySeconds: optionalInteger(fields, 'DelaySeconds', DELAY_RANGE),
    messageGroupId: readGroupId(fields),
    traceHeader: readTraceHeader(fields),
  };
}

/** Body, and names, types and values of the message attributes; bytes of UTF-8. Tolerates what readSend refuses. */
export function sendBytes(fields: JsonObject): number {
  let bytes = byteLength(fields['MessageBody']);
  for (const [name, attribute] of Object.entries(
    isJsonObject(fields['MessageAttributes']) ? fields['MessageAttributes'] : {},
  )) {
    if (!isJsonObject(attribute)) continue;
    bytes += Buffer.byteLength(name) + byteLength(attribute['DataType']) + byteLength(attribute['StringValue']);
    const binary = attribute['BinaryValue'];
    if (typeof binary === 'string') bytes += Buffer.byteLength(binary, 'base64');
  }
  return bytes;
}

function byteLength(text: unknown): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : 0;
}

function readGroupId(fields: JsonObject): string | undefined {
  const groupId = optionalText(fields, 'MessageGroupId');
  if (groupId === undefined || GROUP_ID.test(groupId)) return groupId;
  throw invalidParameter(
    `Value ${groupId} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

function refuseDeduplication(fields: JsonObject): void {
  const id = optionalText(fields, 'MessageDeduplicationId');
  if (id === undefined) return;
  throw invalidParameter(
    `Value ${id} for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.`,
  );
}

function readTraceHeader(fields: JsonObject): string | undefined {
  const attributes = readAttributes(object(fields, 'MessageSystemAttributes'), 'system');
  for (const name of attributes.keys()) {
    if (name !== 'AWSTraceHeader') throw invalidParameter(`Message system attribute name '${name}' is invalid.`);
  }
  const header = attributes.get('AWSTraceHeader');
  if (header === undefined) return undefined;
  if (header.dataType === 'String' && typeof header.value === 'string') return header.value;
  throw invalidParameter("The message system attribute 'AWSTraceHeader' must be of the type String.");
}

function readAttributes(fields: JsonObject, kind: 'user' | 'system'): Map<string, MessageAttribute> {
  const names = Object.keys(fields);
  if (names.length > MAX_ATTRIBUTES) {
    throw invalidParameter(
      `Number of message attributes [${names.length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`,
    );
  }
  return new Map(
    names.map((name) => [name, readAttribute(fields[name], `message (${kind}) attribute '${name}'`, name)]),
  );
}

function readAttribute(value: unknown, called: string, name: string): MessageAttribute {
  if (!isJsonObject(value)) throw malformedInput(`The ${called} must be an object.`);
  checkAttributeName(name);
  const dataType = optionalText(value, 'DataType') ?? '';
  if (!ATTRIBUTE_TYPE.test(dataType) || dataType.length > MAX_NAME_CHARACTERS) {
    throw invalidParameter(
      `The ${called} has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  checkCharacters(dataType, 'InvalidParameterValue', `the type of the ${called}`);
  if (hasItems(value['StringListValues']) || hasItems(value['BinaryListValues'])) {
    throw prefixedError(
      'UnsupportedOperation',
      'Message attribute list values in SendMessage operation are not supported.',
    );
  }
  return { dataType, value: readAttributeValue(value, dataType, called) };
}

function checkAttributeName(name: string): void {
  if (name.length <= MAX_NAME_CHARACTERS && ATTRIBUTE_NAME.test(name) && !RESERVED_NAME.test(name)) return;
  throw invalidParameter(
    `Message attribute name '${name}' is invalid: up to ${MAX_NAME_CHARACTERS} of A-Z, a-z, 0-9, _, - and ., no period at an end or beside another, not starting with AWS. or Amazon.`,
  );
}

function readAttributeValue(attribute: JsonObject, dataType: string, called: string): string | Buffer {
  const isBinary = dataType.startsWith('Binary');
  const text = optionalText(attribute, isBinary ? 'BinaryValue' : 'StringValue') ?? '';
  if (text === '') {
    throw invalidParameter(`The ${called} must contain a non-empty value of type '${isBinary ? 'Binary' : 'String'}'.`);
  }
  if (isBinary) return Buffer.from(text, 'base64');
  checkCharacters(text, 'InvalidParameterValue', `the ${called}`);
  if (dataType.startsWith('Number') && !isNumber(text)) {
    throw invalidParameter(`Can't cast the value of ${called} to a number.`);
  }
  return text;
}

/** "Numbers can have up to 38 digits of precision … between 10^-128 and 10^+126"; the range is what SQS enforces. */
function isNumber(text: string): boolean {
  const size = DECIMAL_NUMBER.test(text) ? Math.abs(Number(text)) : Number.NaN;
  return size === 0 || (size >= 1e-128 && size <= 1e126);
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** SQS calls the same fault differently in a body and in an attribute. */
function checkCharacters(text: string, error: 'InvalidMessageContents' | 'InvalidParameterValue', where: string): void {
  const [forbidden] = FORBIDDEN_CHARACTER.exec(text) ?? [];
  if (forbidden === undefined) return;
  const code = forbidden.codePointAt(0)?.toString(16).toUpperCase();
  const message = `Invalid binary character '#x${code}' was found in ${where}, the set of allowed characters is ${ALLOWED_CHARACTERS}`;
  throw error === 'InvalidMessageContents' ? plainError(error, message) : invalidParameter(message);
}
