import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  DELIVERY_DEFAULTS,
  DELIVERY_SETTING_NAMES,
  deliverySettings,
  type Environment,
  readSettings,
  type SettingsReader,
  unknownSettings,
  withDefaults,
} from '../../shared/settings.ts';

export type StartOptions = {
  /** The one port on 127.0.0.1. */
  port: number;
  /** Absolute path of all state. */
  dataDir: string;
  /** What goes to synth: the settings as given, and what local mode sets where nothing is given. */
  settings: Record<string, string>;
  /** The cloud assembly of somebody's own app, to be run instead of the stack alone; and which of its stacks. */
  app: { folder: string; stackName: string | undefined } | undefined;
  /**
   * The database pauses after so long without a call, and takes so long to wake. `afterSeconds` undefined: as the template says; 0:
   * never.
   */
  databasePause: { afterSeconds: number | undefined; wakeSeconds: number };
  /** Where the functions call AWS, so that a proxy can stand in between; undefined: at the one port. */
  functionsEndpoint: string | undefined;
};

/** Convenient on a laptop: loopback receivers are allowed, and unknown runs are registered. */
const LOCAL_SETTINGS = { EGRESS_ALLOW_CIDRS: '127.0.0.0/8,::1/128', REGISTER_UNKNOWN_RUNS: 'true' };
const DEFAULTS = {
  ...DELIVERY_DEFAULTS,
  PORT: '4566',
  DATA_DIR: '.surehook/',
  // A paused Serverless v2 cluster takes 15–30 s.
  DATABASE_WAKE_SECONDS: '15',
};

/**
 * Reads the environment of `npm start` and what stands behind it (`--app cdk.out --stack Name`); throws MalformedSettings with
 * every fault at once.
 */
export function readStartOptions(environment: Environment, args: readonly string[] = []): StartOptions {
  const settings: Record<string, string> = { ...LOCAL_SETTINGS };
  for (const name of DELIVERY_SETTING_NAMES) {
    const given = environment[name];
    // An empty EGRESS_ALLOW_CIDRS is a setting that allows nothing. Any other empty setting counts as unset.
    if (given !== undefined && (given !== '' || name === 'EGRESS_ALLOW_CIDRS')) settings[name] = given;
  }
  return readSettings(withDefaults({ ...environment, ...settings }, DEFAULTS), (reader) => {
    const port = reader.integer('PORT', { min: 1, max: 65_535 });
    const dataDir = reader.text('DATA_DIR', { wanted: 'a path', is: (text) => !text.includes('\0') });
    const wakeSeconds = reader.integer('DATABASE_WAKE_SECONDS', { min: 0, max: 300 });
    const afterSeconds = !environment['DATABASE_PAUSE_AFTER_SECONDS']
      ? undefined
      : reader.integer('DATABASE_PAUSE_AFTER_SECONDS', { min: 0, max: 86_400 });
    const functionsEndpoint = !environment['FUNCTIONS_ENDPOINT_URL']
      ? undefined
      : reader.text('FUNCTIONS_ENDPOINT_URL', {
          wanted: 'http://127.0.0.1:<port>, without a path',
          is: (text) => /^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(text),
        });
    const app = readApp(args, reader);
    if (app !== undefined) refuseSettings(environment, reader);
    deliverySettings(reader);
    reader.faults.push(...unknownSettings(environment));
    const databasePause = { afterSeconds, wakeSeconds };
    return { port, dataDir: resolve(dataDir), settings, app, databasePause, functionsEndpoint };
  });
}

/** The words of an option stand behind it, or after an equals sign. */
function readApp(args: readonly string[], reader: SettingsReader): StartOptions['app'] {
  const options = { app: { type: 'string' }, stack: { type: 'string' } } as const;
  try {
    const { app, stack } = parseArgs({ args: [...args], options }).values;
    if (app === undefined && stack !== undefined)
      reader.faults.push('--stack names a stack of --app, which is missing');
    return app === undefined ? undefined : { folder: resolve(app), stackName: stack };
  } catch {
    reader.faults.push(`there are two options, --app <cdk.out> and --stack <name>, and not: ${args.join(' ')}`);
    return undefined;
  }
}

/** The app was synthesized with settings of its own. Which addresses the functions may reach is this machine's matter. */
function refuseSettings(environment: Environment, reader: SettingsReader): void {
  for (const name of DELIVERY_SETTING_NAMES) {
    if (name === 'EGRESS_ALLOW_CIDRS' || !environment[name]) continue;
    reader.faults.push(
      `${name} has no effect with --app: set it as a prop of the construct, and synthesize the app again`,
    );
  }
}
