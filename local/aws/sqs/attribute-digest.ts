import { createHash } from 'node:crypto';

/** A user or system attribute of a message; `dataType` is `String`, `Number` or `Binary`, with or without a label. */
export type MessageAttribute = { dataType: string; value: string | Buffer };

const STRING_VALUE = Buffer.from([1]);
const BINARY_VALUE = Buffer.from([2]);

export function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}

/**
 * MD5OfMessageAttributes as the SQS developer guide defines it ("Calculating the MD5 message digest for message
 * attributes"): sorted by name; name, data type and value are each preceded by their length in four big-endian bytes, the
 * value also by one byte for its kind. Undefined without attributes: SQS then leaves the field out.
 */
export function md5OfAttributes(attributes: ReadonlyMap<string, MessageAttribute>): string | undefined {
  if (attributes.size === 0) return undefined;
  const hash = createHash('md5');
  for (const [name, { dataType, value }] of [...attributes].toSorted(byName)) {
    const parts = [Buffer.from(name), Buffer.from(dataType)];
    for (const part of parts) hash.update(lengthOf(part)).update(part);
    const bytes = Buffer.from(value);
    hash
      .update(typeof value === 'string' ? STRING_VALUE : BINARY_VALUE)
      .update(lengthOf(bytes))
      .update(bytes);
  }
  return hash.digest('hex');
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}
