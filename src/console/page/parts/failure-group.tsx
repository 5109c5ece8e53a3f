import type { FailureGroup } from '../../api/rollouts.ts';
import { plural, sayWord } from '../text/words.ts';
import { FailingLines } from './failing-line.tsx';
import { HostNames } from './host-names.tsx';
import { Tests } from './tests.tsx';
import { LongText } from './text.tsx';

/** Hosts that failed in the same way: on which line and why, then which hosts. */
export function FailureCard({ group, isLoud = false }: { group: FailureGroup; isLoud?: boolean }) {
  const { hosts, hostCount, code, stage, message, lines, lineCount, tests } = group;
  return (
    <article className={isLoud ? 'card loud' : 'card'}>
      <h3>
        {isLoud && 'NOT TAKEN BACK: '}
        {plural(hostCount, 'host')}
        {code !== '' && (
          <>
            : <code>{code}</code>
          </>
        )}
        {stage !== '' && <span className="quiet"> at {sayWord(stage)}</span>}
      </h3>
      <div>
        <LongText of={message} />
      </div>
      <FailingLines lines={lines} count={lineCount} />
      <Tests tests={tests} />
      <HostNames hosts={hosts} count={hostCount} />
    </article>
  );
}
