/** In the first version, `00`, it is no longer than this; a later one may have more behind another dash. */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]*)?$/;
const LENGTH_OF_00 = 55;
const TRACESTATE = /^[\t\x20-\x7e]+$/;

/**
 * So much of a `tracestate` has to be passed on. The headers of a message are one frame, which no broker takes without end: a longer one
 * would let no event of its job be published.
 */
const MOST = 512;

/**
 * The headers of a message that the events of its job carry on: a `traceparent`, and the `tracestate` that belongs to it, as W3C Trace
 * Context has them. Whoever may publish can write anything there, and what is none is left out; of a long state, what came last.
 */
export function traceHeaders({ traceparent, tracestate }: Record<string, unknown>): Record<string, string> {
  if (!isTraceparent(traceparent)) return {};
  const state = isText(tracestate) && TRACESTATE.test(tracestate) ? firstMembers(tracestate) : '';
  return state === '' ? { traceparent } : { traceparent, tracestate: state };
}

function isTraceparent(value: unknown): value is string {
  if (!isText(value) || value.length > MOST || !TRACEPARENT.test(value)) return false;
  return !value.startsWith('00') || value.length === LENGTH_OF_00;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** A member is cut nowhere, as it would then say something else. */
function firstMembers(tracestate: string): string {
  if (tracestate.length <= MOST) return tracestate;
  const end = tracestate.lastIndexOf(',', MOST);
  return end === -1 ? '' : tracestate.slice(0, end);
}
