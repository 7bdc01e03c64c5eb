type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Unsafe settings that a function found in its environment and refuses to work with. Names and reasons are fixed words; a
 * value is never repeated.
 */
export class UnsafeEnvironment extends Error {
  static override readonly name = 'UnsafeEnvironment';
  override readonly name = 'UnsafeEnvironment';
  readonly code = 'unsafe_environment';
  /** Each a name, and what it does. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`unsafe environment: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

type Variable = {
  name: string;
  /** Whether this value of it has the effect described. */
  applies(text: string, environment: Environment): boolean;
  does: string;
};

const isSet = (text: string): boolean => text !== '';
/** What Node treats as a switch that is on. */
const isOn = (text: string): boolean => text === '1';

/**
 * Variables by which somebody with good intentions (a missing certificate, a fault to be found) makes the function trust, log
 * or run what it must not. Somebody with bad intentions who may set variables can replace the code as well. What loads code
 * (`--require`, `--import`, AWS_LAMBDA_EXEC_WRAPPER, LD_PRELOAD, NODE_PATH) is therefore not in this list, and layers for
 * tracing and monitoring need it. Lambda's Node.js 24 sets none of these by itself (its manual, CA certificate loading), with
 * one exception below. SSL_CERT_FILE and SSL_CERT_DIR count only behind a switch that is listed here; the clients ignore the
 * proxies named in HTTP_PROXY and similar variables.
 */
export const UNSAFE_VARIABLES: readonly Variable[] = [
  {
    name: 'NODE_EXTRA_CA_CERTS',
    applies: (text, environment) => isSet(text) && !isOfIsolatedRegion(text, environment),
    does: 'widens whom TLS trusts',
  },
  { name: 'NODE_USE_SYSTEM_CA', applies: isOn, does: 'widens whom TLS trusts' },
  // Node's own comparison; any other text leaves the certificates checked.
  {
    name: 'NODE_TLS_REJECT_UNAUTHORIZED',
    applies: (text) => text === '0',
    does: 'switches the check of certificates off',
  },
  { name: 'OPENSSL_CONF', applies: isSet, does: 'may weaken TLS and load foreign providers' },
  { name: 'NODE_DEBUG', applies: isSet, does: 'writes whole URLs and headers to the log' },
  { name: 'NODE_DEBUG_NATIVE', applies: isSet, does: 'writes what goes over connections to the log' },
];

/** Switches of NODE_OPTIONS, including those that begin with one of these, for the same reasons. */
export const UNSAFE_OPTIONS: readonly { option: string; does: string }[] = [
  { option: '--use-openssl-ca', does: 'widens whom TLS trusts' },
  { option: '--use-system-ca', does: 'widens whom TLS trusts' },
  { option: '--tls-min-v1.0', does: 'weakens TLS' },
  { option: '--tls-min-v1.1', does: 'weakens TLS' },
  { option: '--tls-cipher-list', does: 'may weaken TLS' },
  { option: '--openssl-config', does: 'may weaken TLS and load foreign providers' },
  { option: '--openssl-shared-config', does: 'may weaken TLS and load foreign providers' },
  { option: '--openssl-legacy-provider', does: 'weakens TLS' },
  { option: '--insecure-http-parser', does: 'takes responses that could be read in two ways' },
  { option: '--tls-keylog', does: 'writes the keys of connections to a file' },
  { option: '--trace-tls', does: 'writes what goes over connections to the log' },
  { option: '--inspect', does: 'lets whoever reaches its port read and run everything' },
  { option: '--trace-event-categories', does: 'writes what goes over connections to files' },
  { option: '--heapsnapshot-', does: 'writes the memory to files' },
  { option: '--report-on-', does: 'writes the environment and its credentials to files or the log' },
  { option: '--report-uncaught-exception', does: 'writes the environment and its credentials to files or the log' },
];

/** Throws UnsafeEnvironment with every fault at once. */
export function refuseUnsafeEnvironment(environment: Environment): void {
  const given = UNSAFE_VARIABLES.filter(
    ({ name, applies }) => name in environment && applies(environment[name]?.trim() ?? '', environment),
  );
  const options = 'NODE_OPTIONS' in environment ? optionFaults(environment['NODE_OPTIONS'] ?? '') : [];
  const faults = [...given.map(({ name, does }) => `${name} ${does}`), ...options];
  if (faults.length > 0) throw new UnsafeEnvironment(faults);
}

/** As Node reads it: separated by blanks, with quotes around any part, and underscores treated as hyphens. */
function optionFaults(text: string): string[] {
  const options = text.replaceAll(/["\\]/g, '').replaceAll('_', '-').split(/ +/);
  const found = UNSAFE_OPTIONS.filter(({ option }) => options.some((given) => given.startsWith(option)));
  return found.map(({ option, does }) => `${option} in NODE_OPTIONS ${does}`);
}

/**
 * In isolated regions, whose names contain `-iso`, the runtime itself sets the certificate bundle of its operating system: it
 * holds the authorities of that region, and no others can be reached there.
 */
function isOfIsolatedRegion(text: string, environment: Environment): boolean {
  return text === '/etc/pki/tls/certs/ca-bundle.crt' && (environment['AWS_REGION'] ?? '').includes('-iso');
}
