import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { Changes } from '../../api/live.ts';
import type { Address } from './address.ts';
import { AskError, ask } from './ask.ts';
import { live } from './live.ts';
import { currentAddress, onAddress } from './navigation.ts';

export function useAddress(): Address {
  const [, render] = useReducer<number, void>((n) => n + 1, 0);
  useEffect(() => onAddress(() => render()), []);
  return currentAddress();
}

/** Renders again after changes, some times a second at most, unless it `isAtTime`: what was does not change. */
export function useLive(isAtTime = false): void {
  const [, render] = useReducer<number, void>((n) => n + 1, 0);
  useEffect(() => (isAtTime ? undefined : live.listen(() => render())), [isAtTime]);
}

/** The time in milliseconds, as it is some seconds long. */
export function useNow(at: string | undefined): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), CLOCK);
    return () => clearInterval(timer);
  }, []);
  return at === undefined ? now : Date.parse(at);
}
const CLOCK = 5_000;

export interface Answer<T> {
  /** The last that came: it stays while the next is on its way. */
  value: T | null;
  problem: string | null;
}

const AGAIN = 1_000;
const RETRY = 3_000;

/**
 * Asks the server, and again once changes `touch` it, but no more than once a second.
 *
 * @param address `null`: for nothing
 */
export function useAnswer<T>(address: string | null, touches?: (changes: Changes) => boolean): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { of: string | null }>({
    of: null,
    value: null,
    problem: null,
  });
  const [epoch, setEpoch] = useState(live.epoch);
  const touchesNow = useRef(touches);
  touchesNow.current = touches;
  const isLive = touches !== undefined;

  useEffect(() => live.listen(() => setEpoch(live.epoch)), []);
  useEffect(() => {
    if (address === null) return;
    return askAgain(
      address,
      (value) => setAnswer({ of: address, value: value as T, problem: null }),
      (problem) =>
        setAnswer(({ of, value }) => ({ of: address, value: of === address ? value : null, problem })),
      isLive ? (changes) => touchesNow.current?.(changes) === true : null,
    );
  }, [address, isLive ? epoch : 0, isLive]);

  return answer.of === address ? answer : { value: null, problem: null };
}

/** Returns how to end it. */
function askAgain(
  address: string,
  take: (value: unknown) => void,
  fail: (problem: string) => void,
  touches: ((changes: Changes) => boolean) | null,
): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let isTouched = false;
  const askOnce = async () => {
    timer = undefined;
    isAsking = true;
    isTouched = false;
    try {
      take(await ask<unknown>(address, abort.signal));
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof AskError)) throw error;
      fail(error.message);
      timer = setTimeout(() => void askOnce(), RETRY);
    }
    isAsking = false;
    if (isTouched) timer ??= setTimeout(() => void askOnce(), AGAIN);
  };
  const stop =
    touches === null
      ? () => undefined
      : live.onChanges((changes) => {
          if (!touches(changes)) return;
          isTouched = true;
          if (!isAsking) timer ??= setTimeout(() => void askOnce(), AGAIN);
        });
  void askOnce();
  return () => {
    stop();
    clearTimeout(timer);
    abort.abort();
  };
}
