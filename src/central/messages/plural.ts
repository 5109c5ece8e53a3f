/** `1 host`, `2 hosts`; `1 entry`, `2 entries` */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}
