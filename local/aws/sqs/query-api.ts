import { isJsonObject, type JsonObject } from '../../json-object.ts';
import type { AwsRequest } from '../aws-service.ts';
import { INTEGER, type QueryShape, TEXT, TEXTS } from '../query-parameters.ts';
import type { QueryApi } from '../query-protocol.ts';
import type { XmlContent } from '../xml.ts';

const ATTRIBUTE: QueryShape = {
  kind: 'structure',
  members: {
    DataType: { shape: TEXT },
    StringValue: { shape: TEXT },
    BinaryValue: { shape: TEXT },
    StringListValue: { shape: TEXTS, as: 'StringListValues' },
    BinaryListValue: { shape: TEXTS, as: 'BinaryListValues' },
  },
};
const ATTRIBUTES: QueryShape = { kind: 'map', of: ATTRIBUTE };

const MESSAGE = {
  Id: { shape: TEXT },
  MessageBody: { shape: TEXT },
  DelaySeconds: { shape: INTEGER },
  MessageAttribute: { shape: ATTRIBUTES, as: 'MessageAttributes' },
  MessageSystemAttribute: { shape: ATTRIBUTES, as: 'MessageSystemAttributes' },
  MessageGroupId: { shape: TEXT },
  MessageDeduplicationId: { shape: TEXT },
};
const RECEIPT = { Id: { shape: TEXT }, ReceiptHandle: { shape: TEXT }, VisibilityTimeout: { shape: INTEGER } };

function entries(members: typeof MESSAGE | typeof RECEIPT): { shape: QueryShape; as: string } {
  return { shape: { kind: 'list', of: { kind: 'structure', members } }, as: 'Entries' };
}

const INPUT: QueryShape = {
  kind: 'structure',
  members: {
    ...MESSAGE,
    ...RECEIPT,
    QueueUrl: { shape: TEXT },
    QueueName: { shape: TEXT },
    QueueNamePrefix: { shape: TEXT },
    QueueOwnerAWSAccountId: { shape: TEXT },
    MaxNumberOfMessages: { shape: INTEGER },
    WaitTimeSeconds: { shape: INTEGER },
    MaxResults: { shape: INTEGER },
    NextToken: { shape: TEXT },
    AttributeName: { shape: TEXTS, as: 'AttributeNames' },
    MessageAttributeName: { shape: TEXTS, as: 'MessageAttributeNames' },
    MessageSystemAttributeName: { shape: TEXTS, as: 'MessageSystemAttributeNames' },
    Attribute: { shape: { kind: 'map', of: TEXT }, as: 'Attributes' },
    SendMessageBatchRequestEntry: entries(MESSAGE),
    DeleteMessageBatchRequestEntry: entries(RECEIPT),
    ChangeMessageVisibilityBatchRequestEntry: entries(RECEIPT),
    SourceArn: { shape: TEXT },
    DestinationArn: { shape: TEXT },
    MaxNumberOfMessagesPerSecond: { shape: INTEGER },
    TaskHandle: { shape: TEXT },
  },
};

/** The names of list members in XML, where each one stands for itself. */
const LIST_NAMES: Readonly<Record<string, string>> = {
  Failed: 'BatchResultErrorEntry',
  Messages: 'Message',
  QueueUrls: 'QueueUrl',
  queueUrls: 'QueueUrl',
  Results: 'ListMessageMoveTasksResultEntry',
};
const MAP_NAMES: Readonly<Record<string, string>> = { Attributes: 'Attribute', MessageAttributes: 'MessageAttribute' };

/** SQS as SDKs and CLIs from before November 2023 speak to it. */
export const sqsQueryApi: QueryApi = {
  targetPrefix: 'AmazonSQS.',
  namespace: 'http://queue.amazonaws.com/doc/2012-11-05/',
  input: INPUT,
  completed: withQueueOfPath,
  result: (operation, fields) => structureOf(fields, `${operation}ResultEntry`),
};

/** Some clients send a request to the queue's own URL and leave the member out. */
function withQueueOfPath(input: JsonObject, { path }: AwsRequest): JsonObject {
  const [pathname = '/'] = path.split('?', 1);
  return input['QueueUrl'] !== undefined || pathname === '/' ? input : { ...input, QueueUrl: pathname };
}

function structureOf(fields: JsonObject, entryName: string): { [element: string]: XmlContent } {
  const written = Object.entries(fields).map(([name, value]): [string, XmlContent] => {
    const mapName = MAP_NAMES[name];
    if (mapName !== undefined && isJsonObject(value)) return [mapName, pairsOf(value, entryName)];
    const listName = name === 'Successful' ? entryName : (LIST_NAMES[name] ?? name);
    if (Array.isArray(value)) return [listName, value.map((one) => contentOf(one, entryName))];
    return [name, contentOf(value, entryName)];
  });
  return Object.fromEntries(written);
}

function pairsOf(map: JsonObject, entryName: string): XmlContent[] {
  return Object.entries(map).map(([Name, value]) => ({ Name, Value: contentOf(value, entryName) }));
}

function contentOf(value: unknown, entryName: string): XmlContent {
  if (isJsonObject(value)) return structureOf(value, entryName);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}
