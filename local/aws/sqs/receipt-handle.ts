/** What a receipt handle stands for: one receive of one message. */
export type Receipt = { messageId: string; receiveCount: number };

/** A later receive of the same message has its own handle, and the earlier handle then deletes nothing. */
export function receiptHandle(queueName: string, receipt: Receipt): string {
  return Buffer.from(`${queueName} ${receipt.messageId} ${receipt.receiveCount}`).toString('base64');
}

/** Undefined for a text that was never a receipt handle of this queue. */
export function readReceiptHandle(queueName: string, handle: string): Receipt | undefined {
  const [name, messageId, count] = Buffer.from(handle, 'base64').toString().split(' ');
  if (name !== queueName || messageId === undefined || !/^\d+$/.test(count ?? '')) return undefined;
  return { messageId, receiveCount: Number(count) };
}
