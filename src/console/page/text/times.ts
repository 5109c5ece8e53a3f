const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const MILLISECONDS = 1_000;

/** `2026-11-22 10:00:01`, in UTC: as the log has it, but for the letters. What is no time is shown as it is. */
export function sayTime(time: string): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? time : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** `12 s ago`, of two times in milliseconds. Clocks of hosts may be ahead: that is `0 s ago`. */
export function sayAgo(then: number, now: number): string {
  return Number.isNaN(then) ? '-' : `${sayDuration((now - then) / MILLISECONDS)} ago`;
}

/** `12 s`, `5 min`, `3 h` or `4 d`, as `fleetwall status` says it. */
export function sayDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.round(whole / MINUTE)} min`;
  return whole < 2 * DAY ? `${Math.round(whole / HOUR)} h` : `${Math.round(whole / DAY)} d`;
}

/** What a field of the type `datetime-local` shows for a time: its digits are those of UTC. */
export function toField(time: number): string {
  return new Date(time).toISOString().slice(0, 19);
}

/** The time that such a field says, in RFC 3339; `null`: it is empty, or no time. */
export function fromField(text: string): string | null {
  const at = Date.parse(`${text}Z`);
  return Number.isNaN(at) ? null : new Date(at).toISOString().replace('.000Z', 'Z');
}
