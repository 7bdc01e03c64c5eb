import { isJsonObject } from '../json-object.ts';
import type { TemplateScope } from './intrinsics.ts';
import { optionalTextAt, TemplateError } from './template-values.ts';

/** Path of each packed code asset, relative to the assembly, by the S3 key that the template's functions name. */
export function codeFolders(assets: unknown, scope: TemplateScope): Map<string, string> {
  const files = isJsonObject(assets) ? assets['files'] : undefined;
  if (!isJsonObject(files)) throw new TemplateError('the asset manifest has no files');
  const folders = new Map<string, string>();
  for (const [id, file] of Object.entries(files)) {
    const source = isJsonObject(file) && isJsonObject(file['source']) ? file['source'] : {};
    const path = optionalTextAt(source['path'], `asset ${id}`);
    if (source['packaging'] !== 'zip' || path === undefined || !isJsonObject(file)) continue;
    for (const destination of Object.values(isJsonObject(file['destinations']) ? file['destinations'] : {})) {
      const key = isJsonObject(destination) ? destination['objectKey'] : undefined;
      // The manifest writes the account and region as ${AWS::…}, like Fn::Sub.
      if (typeof key === 'string') folders.set(String(scope.resolve({ 'Fn::Sub': key })), path);
    }
  }
  return folders;
}
