import { App, type AppProps } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { MalformedSettings } from '../shared/settings.ts';
import { InvalidProps } from './resolve-props.ts';

/** The context that somebody gave: by flags, in cdk.json, in `~/.cdk.json`. */
export function flagsOf(app: App): Record<string, unknown> {
  const all = Object.entries(app.node.getAllContext() as Record<string, unknown>);
  return Object.fromEntries(all.filter(([name]) => !(name in recommendedFlags)));
}

/** The folder that `cdk` or `npm start` chose, or `cdk`'s default. */
const outdir = process.env['CDK_OUTDIR'] ?? 'cdk.out';

/**
 * Builds an app and writes its assembly. The feature flags are set here and not in cdk.json, so that the template does not
 * depend on who asked for it. Wrong settings and props end the process with one line on stderr.
 */
export async function synthesize(build: (app: App) => Promise<unknown>, props: AppProps = {}): Promise<void> {
  try {
    const app = new App({ outdir, analyticsReporting: false, context: recommendedFlags, ...props });
    await build(app);
    app.synth();
  } catch (error) {
    if (!(error instanceof MalformedSettings || error instanceof InvalidProps)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
