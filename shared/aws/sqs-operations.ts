export type TextAttribute = { DataType: 'String'; StringValue: string };

export type SendEntry = {
  Id: string;
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageAttributes?: Readonly<Record<string, TextAttribute>>;
};

/** A batch is answered 200, whatever becomes of its entries. */
type BatchAnswer = { Failed?: readonly { Id?: string }[] };

type Entry = { Id: string; ReceiptHandle: string };

export type ReceivedMessage = { ReceiptHandle?: string; Attributes?: { SentTimestamp?: string } };

/** The operations of SQS that are used, as far as they are. */
export type SqsOperations = {
  SendMessageBatch: { input: { QueueUrl: string; Entries: readonly SendEntry[] }; output: BatchAnswer };
  ChangeMessageVisibilityBatch: {
    input: { QueueUrl: string; Entries: readonly (Entry & { VisibilityTimeout: number })[] };
    output: BatchAnswer;
  };
  DeleteMessageBatch: { input: { QueueUrl: string; Entries: readonly Entry[] }; output: BatchAnswer };
  SendMessage: { input: { QueueUrl: string; MessageBody: string }; output: object };
  ReceiveMessage: {
    input: {
      QueueUrl: string;
      MaxNumberOfMessages: number;
      MessageSystemAttributeNames: readonly string[];
      VisibilityTimeout: number;
      WaitTimeSeconds: number;
    };
    output: { Messages?: readonly ReceivedMessage[] };
  };
};
