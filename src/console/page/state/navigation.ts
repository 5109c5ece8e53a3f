import { type Address, hrefOf, type Query, readAddress } from './address.ts';

/** How long the address of the browser may lag behind what is typed: Safari refuses more than 100 changes in 30 s. */
const LAG = 250;

let current = readAddress(location.pathname, location.search);
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

export function currentAddress(): Address {
  return current;
}

/** Calls back after each change. Returns how to end that. */
export function onAddress(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Goes to another view, as a click on a link does. */
export function goTo(href: string): void {
  writeLater.flush();
  history.pushState(null, '', href);
  tell();
  scrollTo(0, 0);
}

/** Changes what is shown of this view. The way back does not lead through each letter that was typed. */
export function setQuery(change: Readonly<Record<string, string | undefined>>): void {
  const merged: Record<string, string | undefined> = { ...current.query, ...change };
  const url = new URL(hrefOf(current.path, merged), location.origin);
  current = readAddress(url.pathname, url.search);
  writeLater();
  for (const listener of listeners) listener();
}

function writeLater(): void {
  clearTimeout(timer);
  timer = setTimeout(writeLater.flush, LAG);
}
writeLater.flush = () => {
  clearTimeout(timer);
  history.replaceState(history.state, '', hrefOf(current.path, current.query));
};

function tell(): void {
  current = readAddress(location.pathname, location.search);
  for (const listener of listeners) listener();
}

addEventListener('popstate', () => {
  clearTimeout(timer);
  tell();
});

/** `at` goes along from view to view: it is the same time everywhere. */
export function withTime(path: string, query: Query = {}): string {
  const at = current.query['at'];
  return hrefOf(path, at === undefined ? query : { ...query, at });
}
