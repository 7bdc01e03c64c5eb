/** One look for everybody who asks within `freshMs`, however many pages are open. A look that failed is not kept. */
export function sharedLook<Value extends { ok: boolean }>(
  look: () => Promise<Value>,
  { freshMs, nowMs }: { freshMs: number; nowMs: () => number },
): () => Promise<Value> {
  let last: { atMs: number; value: Promise<Value> } | undefined;
  return () => {
    if (last !== undefined && Math.abs(nowMs() - last.atMs) < freshMs) return last.value;
    const looking = { atMs: nowMs(), value: look() };
    last = looking;
    void looking.value
      .then(
        ({ ok }) => ok,
        () => false,
      )
      .then((ok) => {
        if (!ok && last === looking) last = undefined;
      });
    return looking.value;
  };
}
