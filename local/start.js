// The entry of `npm start`, in plain JavaScript: an older Node must be able to read it far enough to say so.
const [major] = process.versions.node.split('.').map(Number);
if (major === undefined || major < 24) {
  process.stderr.write(
    `surehook runs on Node 24, this is ${process.version}: start it with npm start, which brings its own Node (npm ci first)\n`,
  );
  process.exit(1);
}
await import('./main.ts');
