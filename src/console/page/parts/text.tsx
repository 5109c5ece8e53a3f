import type { ComponentChildren } from 'preact';
import { escapeControl } from '../../../contract/words/escape.ts';
import { hostPath, rolloutPath } from '../state/address.ts';
import { goTo, withTime } from '../state/navigation.ts';
import { sayTime } from '../text/times.ts';
import { MARKS, type Tone, toneOf } from '../text/tone.ts';
import { plural, sayWord } from '../text/words.ts';

/** Text from a host or an operator. It stands for itself: its direction moves nothing around it, and what is invisible is seen. */
export function Text({ of, className }: { of: string; className?: string }) {
  return <bdi className={className}>{escapeControl(of)}</bdi>;
}

const LONGEST = 500;

/** The same for text that may be of any length: the beginning of it, and the rest at a click. */
export function LongText({ of }: { of: string }) {
  if (of.length <= LONGEST) return <Text of={of} />;
  return (
    <>
      <Text of={`${of.slice(0, LONGEST)} …`} />
      <details>
        <summary>{plural(of.length - LONGEST, 'more character')}</summary>
        <Text of={of.slice(LONGEST)} />
      </details>
    </>
  );
}

/** The beginning of a text, where all of it is a click away. */
export function Beginning({ of }: { of: string }) {
  return <Text of={of.length <= LONGEST ? of : `${of.slice(0, LONGEST)} …`} />;
}

export function Link({
  to,
  className,
  children,
  title,
  isCurrent = false,
}: {
  to: string;
  className?: string | undefined;
  children: ComponentChildren;
  title?: string;
  isCurrent?: boolean;
}) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a
      href={to}
      className={className}
      title={title}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={follow}
    >
      {children}
    </a>
  );
}

export function HostLink({ id }: { id: string }) {
  return (
    <Link to={withTime(hostPath(id))} className="name">
      <Text of={id} />
    </Link>
  );
}

export function RolloutLink({ id }: { id: string }) {
  return (
    <Link to={withTime(rolloutPath(id))} className="name">
      <Text of={id} />
    </Link>
  );
}

/** A word for a state or an end, with a mark and a colour that say the same. */
export function Badge({ word, says, tone = toneOf(word) }: { word: string; says?: string; tone?: Tone }) {
  return (
    <span className={`badge ${tone}`}>
      <span aria-hidden="true">{MARKS[tone]} </span>
      <Text of={says ?? sayWord(word)} />
    </span>
  );
}

export function Time({ at }: { at: string }) {
  return <time dateTime={at}>{sayTime(at)}</time>;
}

/** For those who hear the page alone. */
export function Unseen({ children }: { children: ComponentChildren }) {
  return <span className="unseen">{children}</span>;
}

/** What is said in place of a view that has nothing to show. */
export function Wait({ problem }: { problem: string | null }) {
  return problem === null ? <p className="quiet">Loading …</p> : <Trouble says={problem} />;
}

function Trouble({ says }: { says: string }) {
  return (
    <p className="problem" role="alert">
      <Text of={says} />
    </p>
  );
}
