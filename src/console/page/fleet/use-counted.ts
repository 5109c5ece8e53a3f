import { useEffect, useRef, useState } from 'preact/hooks';
import type { HostRow } from '../../api/hosts.ts';
import { prepareTexts } from './host-filter.ts';

type Hosts = readonly HostRow[];

const PAUSE = 1_000;
/** Texts that are made in one go: it takes less than a frame. */
const SLICE = 500;

/**
 * The hosts as they were about a second ago: what is counted over all of them need not be counted with every change.
 *
 * @param of which hosts these are; those of another time are taken at once
 */
export function useCounted(hosts: Hosts, of: string): Hosts {
  const [counted, setCounted] = useState({ hosts, of });
  const newest = useRef(hosts);
  newest.current = hosts;
  const isOld = counted.of !== of || (counted.hosts.length === 0 && hosts.length > 0);
  const isBehind = counted.hosts !== hosts;
  useEffect(() => {
    if (!isBehind) return;
    const timer = setTimeout(() => setCounted({ hosts: newest.current, of }), isOld ? 0 : PAUSE);
    return () => clearTimeout(timer);
  }, [counted, of, isBehind, isOld]);
  usePreparedTexts(counted.hosts);
  return isOld ? hosts : counted.hosts;
}

function usePreparedTexts(hosts: Hosts): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const prepare = (from: number) => {
      const left = prepareTexts(hosts, from, SLICE);
      if (left > 0) timer = setTimeout(() => prepare(from + SLICE));
    };
    timer = setTimeout(() => prepare(0), PAUSE / 2);
    return () => clearTimeout(timer);
  }, [hosts]);
}
