/** Each view has an address, and what it shows of it is in the query: who is sent one sees the same. */
type Route =
  | { view: 'fleet' }
  | { view: 'rollouts' }
  | { view: 'rollout'; id: string }
  | { view: 'host'; id: string }
  | { view: 'events' }
  | { view: 'event'; offset: number }
  | { view: 'unknown' };

/** Nothing in it is empty: that is the same as not being there. */
export type Query = Readonly<Record<string, string>>;

export interface Address {
  path: string;
  route: Route;
  query: Query;
}

export function readAddress(path: string, search: string): Address {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) if (value !== '') query[name] = value;
  return { path, route: readRoute(path), query };
}

function readRoute(path: string): Route {
  const [first = '', second, ...rest] = path.split('/').slice(1).map(decode);
  if (rest.length > 0) return { view: 'unknown' };
  const id = second === '' ? undefined : second;
  if (first === 'hosts' && id !== undefined) return { view: 'host', id };
  if (first === 'rollouts') return id === undefined ? { view: 'rollouts' } : { view: 'rollout', id };
  if (first === 'events') return id === undefined ? { view: 'events' } : eventRoute(id);
  return (first === '' || first === 'fleet') && id === undefined ? { view: 'fleet' } : { view: 'unknown' };
}

function eventRoute(id: string): Route {
  return /^\d{1,15}$/.test(id) ? { view: 'event', offset: Number(id) } : { view: 'unknown' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** `/fleet?q=web&state=online`: what is empty or `undefined` is left out. */
export function hrefOf(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') search.set(name, value);
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function hostPath(hostId: string): string {
  return `/hosts/${encodeURIComponent(hostId)}`;
}

export function rolloutPath(rolloutId: string): string {
  return `/rollouts/${encodeURIComponent(rolloutId)}`;
}

export function eventPath(offset: number): string {
  return `/events/${offset}`;
}
