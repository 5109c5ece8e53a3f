export function say(text: string): void {
  // oxlint-disable-next-line no-console -- what a script tells whoever waits for it
  console.log(`==> ${text}`);
}
