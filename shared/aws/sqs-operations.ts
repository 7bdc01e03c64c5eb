export type TextAttribute = { DataType: 'String'; StringValue: string };

export type SendEntry = {
  Id: string;
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageAttributes?: Readonly<Record<string, TextAttribute>>;
};

type VisibilityEntry = { Id: string; ReceiptHandle: string; VisibilityTimeout: number };

/** A batch is answered 200, whatever becomes of its entries. */
type BatchAnswer = { Failed?: readonly { Id?: string }[] };

/** The operations of SQS that are used, as far as they are. */
export type SqsOperations = {
  SendMessageBatch: { input: { QueueUrl: string; Entries: readonly SendEntry[] }; output: BatchAnswer };
  ChangeMessageVisibilityBatch: {
    input: { QueueUrl: string; Entries: readonly VisibilityEntry[] };
    output: BatchAnswer;
  };
};
