/** `1 line`, `2 lines`, `at least 1000 lines`. */
export function counted(count: number | string, one: string, many = `${one}s`): string {
  return `${count} ${String(count) === '1' ? one : many}`;
}
