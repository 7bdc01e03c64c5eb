import type { TemplateScope } from './intrinsics.ts';
import { isObject, optionalTextAt, TemplateError } from './template-values.ts';

/** Path of each packed code asset, relative to the assembly, by the S3 key that the template's functions name. */
export function codeFolders(assets: unknown, scope: TemplateScope): Map<string, string> {
  const files = isObject(assets) ? assets['files'] : undefined;
  if (!isObject(files)) throw new TemplateError('the asset manifest has no files');
  const folders = new Map<string, string>();
  for (const [id, file] of Object.entries(files)) {
    const source = isObject(file) && isObject(file['source']) ? file['source'] : {};
    const path = optionalTextAt(source['path'], `asset ${id}`);
    if (source['packaging'] !== 'zip' || path === undefined || !isObject(file)) continue;
    for (const destination of Object.values(isObject(file['destinations']) ? file['destinations'] : {})) {
      const key = isObject(destination) ? destination['objectKey'] : undefined;
      // The manifest writes the account and region as ${AWS::…}, like Fn::Sub.
      if (typeof key === 'string') folders.set(String(scope.resolve({ 'Fn::Sub': key })), path);
    }
  }
  return folders;
}
