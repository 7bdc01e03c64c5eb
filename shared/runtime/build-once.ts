/**
 * A handler in two halves: `build` runs on a cold start and constructs every client; `handle` runs for each event. A failed
 * build is forgotten, so that one bad cold start does not break the process for good.
 */
export function buildOnce<Event, Context, Parts, Answer>(
  build: (context: Context) => Parts | Promise<Parts>,
  handle: (event: Event, parts: Parts, context: Context) => Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer> {
  let built: Promise<Parts> | undefined;
  return async (event, context) => {
    built ??= Promise.resolve(context).then(build);
    const parts = await built.catch((fault: unknown) => {
      built = undefined;
      throw fault;
    });
    return handle(event, parts, context);
  };
}
