/** Services of the platform that listen where a function runs. No webhook reaches them, whatever ranges are allowed. */
export function platformAuthorities(environment: Readonly<Record<string, string | undefined>>): string[] {
  const names = ['AWS_LAMBDA_RUNTIME_API', 'AWS_XRAY_DAEMON_ADDRESS', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  return names.flatMap((name) => environment[name] ?? []).filter((text) => text !== '');
}
