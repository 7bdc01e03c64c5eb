/** The inspect function, asked by another. Never rejects. */
export type Inspector = {
  ask(request: Readonly<Record<string, unknown>>): Promise<Inspected>;
};

/** `because` is a sentence for whoever looks, without anything that somebody outside has written. */
export type Inspected = { ok: true; answer: Readonly<Record<string, unknown>> } | { ok: false; because: string };
