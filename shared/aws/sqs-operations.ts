export type TextAttribute = { DataType: 'String'; StringValue: string };

export type SendEntry = {
  Id: string;
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageAttributes?: Readonly<Record<string, TextAttribute>>;
};

type VisibilityEntry = { Id: string; ReceiptHandle: string; VisibilityTimeout: number };

/** As far as it was asked for, and is read. */
export type ReceivedMessage = { ReceiptHandle?: string; Attributes?: Readonly<Record<string, string>> };

/** A batch is answered 200, whatever becomes of its entries. */
type BatchAnswer = { Failed?: readonly { Id?: string }[] };

/** The operations of SQS that are used, as far as they are. */
export type SqsOperations = {
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
  DeleteMessageBatch: {
    input: { QueueUrl: string; Entries: readonly { Id: string; ReceiptHandle: string }[] };
    output: BatchAnswer;
  };
  SendMessageBatch: { input: { QueueUrl: string; Entries: readonly SendEntry[] }; output: BatchAnswer };
  ChangeMessageVisibilityBatch: {
    input: { QueueUrl: string; Entries: readonly VisibilityEntry[] };
    output: BatchAnswer;
  };
};
