/** A value as the Data API writes it in JSON: one member. */
export type Field = {
  isNull?: boolean;
  stringValue?: string;
  longValue?: number;
  doubleValue?: number;
  booleanValue?: boolean;
  /** Base64. */
  blobValue?: string;
};

export type SqlParameter = { name: string; value: Field };

type Cluster = { resourceArn: string; secretArn: string };

export type ExecuteStatement = Cluster & {
  database: string;
  sql: string;
  parameters: readonly SqlParameter[];
  includeResultMetadata: boolean;
  transactionId?: string;
  /** Without it a statement is cut off after 45 s. */
  continueAfterTimeout?: boolean;
};

type ExecutedStatement = {
  columnMetadata?: readonly { label?: string; name?: string }[];
  records?: readonly (readonly Field[])[];
};

/** The operations of the RDS Data API that are used, as far as they are. */
export type DataApiOperations = {
  ExecuteStatement: { input: ExecuteStatement; output: ExecutedStatement };
  BeginTransaction: { input: Cluster & { database: string }; output: { transactionId?: string } };
  CommitTransaction: { input: Cluster & { transactionId: string }; output: object };
  RollbackTransaction: { input: Cluster & { transactionId: string }; output: object };
};
