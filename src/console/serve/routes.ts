import type { EventAnswer } from '../api/events.ts';
import type { FleetAnswer, HostRow } from '../api/hosts.ts';
import type { Source } from '../api/live.ts';
import type { ConsoleFold } from '../fold/console-fold.ts';
import { TooMany } from '../source/log-source.ts';
import { type Answer, json, problem } from './answer.ts';

/** What the answers are made of. */
export interface Facts {
  fold: ConsoleFold;
  source: () => Source;
  /** @returns the event at a place in the log; `null`: there is none */
  fetchEvent: (offset: number) => Promise<unknown>;
}

const MOST_EVENTS = 1_000;
const EVENTS = 200;

/** An address that cannot be answered as it was asked. */
class BadQuestion extends Error {}

/** Answers what the page asks. @param path below `/api/` */
export async function answerApi(path: string, query: URLSearchParams, facts: Facts): Promise<Answer> {
  try {
    const [what = '', id, ...more] = path.split('/').map(decodeURIComponent);
    if (more.length > 0) return notHere();
    return id === undefined ? answerAll(what, query, facts) : await answerOne(what, id, query, facts);
  } catch (error) {
    if (error instanceof BadQuestion || error instanceof URIError) return problem(400, error.message);
    if (error instanceof TooMany) return problem(503, error.message);
    throw error;
  }
}

function answerAll(what: string, query: URLSearchParams, { fold, source }: Facts): Answer {
  const at = timeIn(query, 'at');
  switch (what) {
    case 'source':
      return json(source());
    case 'fleet':
      return fleetAnswer(fold.fleet(at));
    case 'rollouts':
      return json(fold.rollouts(at, Date.now()));
    case 'events': {
      const [until, before] = [timeIn(query, 'until'), countIn(query, 'before')];
      const limit = Math.min(countIn(query, 'limit') ?? EVENTS, MOST_EVENTS);
      const text = (name: string) => query.get(name) || undefined;
      const filter = {
        until: until ?? undefined,
        before: before ?? undefined,
        host: text('host'),
        type: text('type'),
        outcome: text('outcome'),
        ruleset: text('ruleset'),
        rollout: text('rollout'),
        text: text('q'),
      };
      return json(fold.events(filter, limit));
    }
    default:
      return notHere();
  }
}

async function answerOne(
  what: string,
  id: string,
  query: URLSearchParams,
  { fold, fetchEvent }: Facts,
): Promise<Answer> {
  const at = timeIn(query, 'at');
  const then = at === null ? 'in the log of events' : 'at that time';
  switch (what) {
    case 'hosts': {
      const host = fold.host(id, at);
      return host === null ? problem(404, `there is no host ${id} ${then}`) : json(host);
    }
    case 'rollouts': {
      const rollout = fold.rollout(id, at, Date.now());
      return rollout === null ? problem(404, `there is no rollout ${id} ${then}`) : json(rollout);
    }
    case 'events': {
      const offset = /^\d{1,15}$/.test(id) ? Number(id) : -1;
      const event = offset < 0 || offset > fold.lastOffset ? null : await fetchEvent(offset);
      if (event === null)
        return problem(404, `there is no event ${id} in the log, or it is not kept any more`);
      return json({ offset, event } satisfies EventAnswer);
    }
    default:
      return notHere();
  }
}

/** Most hosts are as they were when they were asked for last: only the others are written out again. */
const texts = new WeakMap<HostRow, string>();

function fleetAnswer({ hosts, ...rest }: FleetAnswer): Answer {
  const written = hosts.map((host) => {
    const text = texts.get(host) ?? JSON.stringify(host);
    texts.set(host, text);
    return text;
  });
  const { body, ...answer } = json({ ...rest, hosts: [] });
  return { ...answer, body: `${String(body).slice(0, -']}'.length)}${written.join(',')}]}` };
}

function notHere(): Answer {
  return problem(404, 'there is no such address');
}

/** @throws {BadQuestion} */
function timeIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null || text === '') return null;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new BadQuestion(`${name} must be a time such as 2026-11-22T10:00:00Z`);
  return time;
}

/** @throws {BadQuestion} */
function countIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null || text === '') return null;
  if (!/^\d{1,15}$/.test(text)) throw new BadQuestion(`${name} must be a number from 0`);
  return Number(text);
}
