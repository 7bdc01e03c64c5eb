// The entry of `npm start`, in plain JavaScript, so that an older Node can run it far enough to say that it is too old.
// package.json limits V8's semi-spaces to 8 MiB: otherwise they grow eightfold while requests come and go, to 100 MB of waste.
const [major] = process.versions.node.split('.').map(Number);
if (major === undefined || major < 24) {
  process.stderr.write(
    `surehook needs Node 24, but this is ${process.version}: in a clone run npm ci, then npm start, which uses its own Node 24\n`,
  );
  process.exit(1);
}
await import('./main.ts');
