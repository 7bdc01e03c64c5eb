import { App, type AppProps } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { MalformedSettings } from '../shared/settings.ts';
import { InvalidProps } from './resolve-props.ts';

/** The folder that `cdk` or `npm start` chose, or `cdk`'s default. */
const outdir = process.env['CDK_OUTDIR'] ?? 'cdk.out';

/**
 * Builds an app and writes its assembly. The feature flags are set here and not in cdk.json, so that the template does not
 * depend on who asked for it. Wrong settings and props end the process with one line on stderr.
 */
export function synthesize(build: (app: App) => unknown, props: AppProps = {}): void {
  try {
    const app = new App({ outdir, analyticsReporting: false, context: recommendedFlags, ...props });
    build(app);
    app.synth();
  } catch (error) {
    if (!(error instanceof MalformedSettings || error instanceof InvalidProps)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
