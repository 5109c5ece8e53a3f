import { closeSync, fchmodSync, openSync } from 'node:fs';
import pino, { type DestinationStream, type Logger } from 'pino';
import { escapeControl } from '../contract/words/escape.ts';

export interface LogOptions {
  level: string;
  /** `undefined`: standard output. */
  file: string | undefined;
  hostId: string;
}

export interface OpenLog {
  log: Logger;
  /** Opens the file anew, for programs that rotate logs. */
  reopen: () => void;
}

const SECRETS = ['password', '*.password', 'amqpUrl', '*.amqpUrl', 'authorization', '*.authorization'];
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s/@]+@/gi;
/** `password=…`, `"password":"…"`, the private part of a JWK, and the log-in of HTTP, wherever they stand in a text. */
const NAMED_SECRET =
  /(\b(?:password|passwd|secret|token)["']?\s*[=:]\s*["']?|"d"\s*:\s*"|\b(?:Basic|Bearer)\s+)[^\s"',;&]+/gi;
const LOG_MODE = 0o640;
const DEEPEST = 6;
const OWN_ERRORS = new Set(['TypeError', 'RangeError', 'ReferenceError', 'AssertionError']);

/** JSON lines with the host's id on each; passwords are masked, and text from outside carries no control characters. */
export function openLog({ level, file, hostId }: LogOptions): OpenLog {
  if (file !== undefined) makeLogFile(file);
  const destination = pino.destination({ dest: file ?? 1, sync: true });
  return {
    log: createLogger({ level, hostId }, destination),
    reopen: () => {
      if (file === undefined) return;
      makeLogFile(file);
      destination.reopen();
    },
  };
}

/** The umask of a service is narrower than what the group that reads the log needs. A file that is there stays as it is. */
function makeLogFile(path: string): void {
  try {
    const file = openSync(path, 'wx', LOG_MODE);
    fchmodSync(file, LOG_MODE);
    closeSync(file);
  } catch {
    // It is there; or it cannot be made, which opening it tells.
  }
}

/** For commands that show everything at the terminal themselves. */
export function silentLog(): Logger {
  return pino({ level: 'silent' });
}

export function createLogger(
  { level, hostId }: { level: string; hostId: string },
  destination: DestinationStream,
): Logger {
  return pino(
    {
      level,
      base: { hostId },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRETS, censor: '[secret]' },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => clean(fields, 0) as Record<string, unknown>,
      },
    },
    destination,
  );
}

function withoutSecrets(text: string): string {
  return text.replace(URL_PASSWORD, '$1[secret]@').replace(NAMED_SECRET, '$1[secret]');
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return escapeControl(withoutSecrets(value));
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST) return '[deeper]';
  if (value instanceof Error) return cleanError(value, depth);
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clean(item, depth + 1)]));
}

/** Only errors that show a mistake in the code keep their stack: where the others were made is of no use to an operator. */
function cleanError(error: Error, depth: number): unknown {
  const { name, message, cause, code, stack } = error as Error & { code?: unknown };
  const fields = { name, message, code, cause, stack: OWN_ERRORS.has(name) ? stack : undefined };
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return clean(Object.fromEntries(known), depth + 1);
}
