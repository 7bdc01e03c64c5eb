import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readStack } from './read-stack.ts';
import type { SynthesizedStack } from './stack-reading.ts';
import type { StackDescription } from './stack-description.ts';
import { TemplateError } from './template-values.ts';

/**
 * Reads `<stack>.template.json` and `<stack>.assets.json` from a folder written by `cdk synth` and describes the stack.
 * Throws TemplateError when the folder holds no such stack or the twin cannot run it.
 */
export async function loadStack(stack: Omit<SynthesizedStack, 'template' | 'assets'>): Promise<StackDescription> {
  const [template, assets] = await Promise.all([
    readJson(join(stack.assemblyFolder, `${stack.stackName}.template.json`)),
    readJson(join(stack.assemblyFolder, `${stack.stackName}.assets.json`)),
  ]);
  return readStack({ ...stack, template, assets });
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new TemplateError(`${file}: cannot be read (run npm run synth)`, { cause });
  }
}
