import { partsOf } from '../state/event-parts.ts';
import { Changed, DiffLines } from './diff.tsx';
import { FailingLines } from './failing-line.tsx';
import { Tests } from './tests.tsx';
import { LongText, Text } from './text.tsx';

/** What an event says besides its line: why it failed and on which lines, who did it, what changed. */
export function EventDetail({ event }: { event: unknown }) {
  const { diff, failure, by, gaveUp, entries, takenBack } = partsOf(event);
  const hasNothing =
    diff === null && failure === null && by === null && entries === null && takenBack === null;
  if (hasNothing) return <p className="quiet">There is no more to it than that.</p>;
  return (
    <>
      {by !== null && (
        <p>
          Done by <Text of={by.name} className="name" /> (process {by.pid})
        </p>
      )}
      {gaveUp && <p>The host has given up to mend it: another program keeps changing it.</p>}
      {failure !== null && (
        <>
          <p>
            <code>{failure.code}</code> at {failure.stage}: <LongText of={failure.message} />
          </p>
          <FailingLines lines={failure.lines} count={failure.lineCount ?? failure.lines.length} />
          <Tests tests={failure.tests ?? []} />
          {failure.stderr !== null && (
            <details>
              <summary>What {failure.command ?? 'the program'} wrote</summary>
              <pre className="source">
                <LongText of={failure.stderr} />
              </pre>
            </details>
          )}
        </>
      )}
      {takenBack !== null && (
        <p>
          The change was taken back
          {takenBack.reason !== null && ': '}
          {takenBack.reason !== null && <Text of={takenBack.reason} />}
          {takenBack.verified === false && '. It could not be shown that all is as it was before'}.
        </p>
      )}
      {diff !== null && diff.tables.length > 0 && <DiffLines of={diff} />}
      {entries !== null && (
        <div className="source">
          <Changed sign="-" says="removed" lines={entries.removed} />
          <Changed sign="+" says="added" lines={entries.added} />
          {entries.truncated && <p className="quiet">… and more</p>}
        </div>
      )}
    </>
  );
}
