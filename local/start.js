// The entry of `npm start`, in plain JavaScript: an older Node must be able to read it far enough to say so. package.json has
// V8 keep its semi-spaces at 8 MiB: left alone they grow eightfold while requests come and go, 100 MB that nothing lives in.
const [major] = process.versions.node.split('.').map(Number);
if (major === undefined || major < 24) {
  process.stderr.write(
    `surehook runs on Node 24, this is ${process.version}: start it with npm start, which brings its own Node (npm ci first)\n`,
  );
  process.exit(1);
}
await import('./main.ts');
