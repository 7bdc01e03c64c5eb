import type { Mutations } from './mutation.ts';

const MACHINE = 'test/end-to-end/somebodys-machine.test.ts';
const LAUNCHED = 'test/local/postgres-launch.test.ts';
const LAUNCH = 'local/postgres/find-launch.ts';
const METRICS = 'test/local/metrics.test.ts';
const LOGGED = 'test/local/function-log.test.ts';
const LOG = 'local/twin/function-log.ts';
const PROCESSES = 'test/local/lambda-processes.test.ts';
const TEMPLATE = 'test/local/template.test.ts';
const STACKS = 'test/end-to-end/other-stacks.test.ts';
const REFUSED = 'test/local/start-fault.test.ts';
const DISK = 'test/local/full-disk.test.ts';

/** Of *On one machine*. */
export const MACHINE_OF_ONE: Mutations = {
  'LOC-01': [
    {
      in: 'local/twin/shell.ts',
      from: `for (const name of Object.keys(env)) if (name.startsWith('PG')) delete env[name];`,
      to: 'void env;',
      fails: [
        {
          shownBy: MACHINE,
          title: 'a shell whose PG… variables are about another database keeps nothing from its own',
          throws: 'the stack did not start',
        },
      ],
    },
  ],
  'LOC-02': [
    {
      in: 'local/twin/kept-assembly.ts',
      from: 'Object.entries(sealed).every(([path, digest]) => found[path] === digest)',
      to: 'Object.entries(found).every(([path, digest]) => sealed[path] === digest)',
      fails: [{ shownBy: 'test/local/kept-assembly.test.ts', title: 'is not whole when it ' }],
    },
  ],
  'LOC-03': [
    {
      in: 'local/main.ts',
      from: 'stop(`${folder} was removed or replaced while this stack used it: start again`)',
      to: 'stop(`${folder.slice(0, 0)} was removed`)',
      fails: [{ shownBy: MACHINE, title: 'a data folder that is removed under it ends it with one line that says so' }],
    },
  ],
  'LOC-04': [
    {
      in: 'local/twin/start-fault.ts',
      from: `  EEXIST: 'a link there leads nowhere',
`,
      to: '',
      fails: [{ shownBy: REFUSED, title: 'a data folder is refused in one line that says why:' }],
    },
    {
      in: 'local/twin/data-folder.ts',
      from: 'const MAX_PATH_BYTES = 900;',
      to: 'const MAX_PATH_BYTES = 901;',
      fails: [{ shownBy: REFUSED, title: ' bytes, which PostgreSQL would not take' }],
    },
    {
      in: 'local/twin/start-fault.ts',
      from: `if (path === undefined || relative(dataDir, path).startsWith('..')) return`,
      to: `if (path === undefined || path !== '') return`,
      fails: [{ shownBy: REFUSED, title: 'which file of the data folder the system refuses, and nothing of a trace' }],
    },
  ],
  'LOC-05': [
    {
      in: 'local/main.ts',
      from: `stream.on('error', () => void stop());`,
      to: `stream.on('error', (error) => void stop(error.message));`,
      fails: [{ shownBy: MACHINE, title: 'a reader that goes away, as behind `| head -n 1`, ends it quietly' }],
    },
  ],
  'LOC-06': [
    {
      in: 'local/twin/kept-assembly.ts',
      from: 'const WRITABLE_BY_OTHERS = 0o022;',
      to: 'const WRITABLE_BY_OTHERS = 0o000;',
      fails: [{ shownBy: MACHINE, title: 'a umask of 000 lets nobody else write what functions run' }],
    },
  ],
  'LOC-07': [
    {
      in: 'local/twin/shell.ts',
      from: 'return () => (ppid() === parent ? undefined : parent);',
      to: 'return () => undefined;',
      fails: [{ shownBy: MACHINE, title: 'leaves nothing running' }],
    },
  ],
  'LOC-08': [
    {
      in: LAUNCH,
      from: '  return holdsCluster(dataFolder) ? [...asRoot, ...asAccount, ...copied] : [...asAccount, ...asRoot, ...copied];',
      to: `  return [asAccount[0] ?? { name: '', launch: () => itself }, ...asRoot.slice(0, 0), ...copied.slice(0, 0)];`,
      fails: [{ shownBy: LAUNCHED, title: ', again and again, and leaves nothing behind or open' }],
    },
  ],
  'LOC-09': [
    {
      in: 'local/postgres/accounts.ts',
      from: `accounts.find(({ name }) => name === 'nobody') ?? accounts[0] ?? NOBODY`,
      to: `accounts.find(({ name }) => name === 'nobody') ?? NOBODY`,
      fails: [{ shownBy: LAUNCHED, title: 'the first who is not root, where there is no nobody' }],
    },
    {
      in: 'local/postgres/accounts.ts',
      from: 'return Object.entries(CAPABILITIES).flatMap(([name, bit]) => ((bits >> BigInt(bit)) & 1n ? [] : [name]));',
      to: 'return Object.entries(CAPABILITIES).flatMap(([name, bit]) => ((bits >> BigInt(bit)) & 0n ? [name] : []));',
      fails: [{ shownBy: LAUNCHED, title: 'the one that is missing' }],
    },
  ],
  'LOC-10': [
    {
      in: 'local/postgres/program-copy.ts',
      from: 'if (isOurs) rmSync(copy, { recursive: true, force: true });',
      to: `if (isOurs && copy === '') rmSync(copy, { recursive: true, force: true });`,
      fails: [{ shownBy: LAUNCHED, title: 'removes the copy of a start that was killed at the next start' }],
    },
  ],
  'LOC-11': [
    {
      in: LAUNCH,
      from: 'const owner = ownerOf(place.dataFolder);',
      to: 'const owner = undefined as Account | undefined;',
      also: [
        {
          in: 'local/postgres/find-launch.ts',
          from: `  ownerOf,
`,
          to: '',
        },
      ],
      fails: [{ shownBy: LAUNCHED, title: 'leaves the data of another user to that user' }],
    },
  ],
  'LOC-12': [
    {
      in: 'package.json',
      from: 'exec node --max-semi-space-size=8 local/start.js',
      to: 'exec node --max-semi-space-size=64 local/start.js',
      fails: [
        {
          shownBy: 'test/local/young-generation.test.ts',
          title: 'npm start keeps the young generation below 32 MiB, which without its flags would grow past that',
        },
      ],
    },
    {
      in: 'local/aws/metrics/metric-store.ts',
      from: `maxKeptValues = MAX_KEPT_VALUES,
}: {`,
      to: `maxKeptValues: asked = MAX_KEPT_VALUES,
}: {`,
      also: [
        {
          in: 'local/aws/metrics/metric-store.ts',
          from: '  const recorded = new Map<string, Recorded>();',
          to: `  const maxKeptValues = 100 * asked;
  const recorded = new Map<string, Recorded>();`,
        },
      ],
      fails: [
        {
          shownBy: METRICS,
          title: 'is kept with no more values than allowed in all: the oldest minute of every metric goes first',
        },
      ],
    },
  ],
  'LOC-13': [
    {
      in: LOG,
      from: 'if (this.#bytes > this.#limits.file) this.#putAside();',
      to: 'if (this.#bytes > 100 * this.#limits.file) this.#putAside();',
      fails: [
        {
          shownBy: LOGGED,
          title:
            'and the one put aside never hold more than twice the limit, whatever is written, and the last line is among them',
        },
      ],
    },
    {
      in: LOG,
      from: `return lines === 0 ? '' : \`surehook: the disk was too slow for \${lines} lines\\n\`;`,
      to: `return lines === 0 ? '' : '';`,
      fails: [
        {
          shownBy: LOGGED,
          title:
            'of more than the disk takes at once leaves lines out and says how many, instead of filling the memory',
        },
      ],
    },
  ],
  'LOC-14': [
    {
      in: 'local/twin/full-disk.ts',
      from: 'const ENOUGH_BYTES = 2 * TOO_LITTLE_BYTES;',
      to: 'const ENOUGH_BYTES = TOO_LITTLE_BYTES;',
      fails: [{ shownBy: DISK, title: 'a disk that fills is told of once, and once when there is room again' }],
    },
  ],
  'LOC-15': [
    {
      in: 'local/aws/lambda/function-process.ts',
      from: 'if (signal !== null) return { errorType, errorMessage: `Runtime exited with error: signal: ${signal}` };',
      to: `if (signal !== null) return { errorType, errorMessage: 'Runtime exited with error' };`,
      fails: [{ shownBy: PROCESSES, title: 'an idle process that is killed from outside is told of' }],
    },
  ],
  'LOC-16': [
    {
      in: 'local/aws/query-protocol.ts',
      from: 'if (answer.status >= 400) return queryRefusal({ ...refused(answer, fields), requestId, namespace: api.namespace });',
      to: 'if (answer.status >= 400) return answer;',
      fails: [{ shownBy: 'test/local/sqs-query-protocol.test.ts', title: 'refuses ' }],
    },
    {
      in: 'local/aws/protocol-refusal.ts',
      from: `if (service === 'ec2') return ec2Refusal(refusal, requestId);`,
      to: '',
      fails: [
        {
          shownBy: 'test/local/front-door.test.ts',
          title: 'a service that is not here is named in the protocol of the request',
        },
      ],
    },
  ],
  'LOC-17': [
    {
      in: 'local/template/not-here.ts',
      from: '!HERE.has(type) && !SURROUNDINGS.test(type)',
      to: `!HERE.has(type) && !SURROUNDINGS.test(type) && type !== 'AWS::S3::Bucket'`,
      fails: [
        { shownBy: TEMPLATE, title: 'resources of other services, by type' },
        { shownBy: STACKS, title: 'is told at the start, once, what does not run here' },
      ],
    },
  ],
};
