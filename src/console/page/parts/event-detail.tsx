import type { Failure } from '../../../contract/events/failure.ts';
import { type EventParts, partsOf } from '../state/event-parts.ts';
import { Changed, DiffLines } from './diff.tsx';
import { FailingLines } from './failing-line.tsx';
import { Tests } from './tests.tsx';
import { LongText, Text } from './text.tsx';

/** What an event says besides its line: why it failed and on which lines, who did it, what changed. */
export function EventDetail({ event }: { event: unknown }) {
  const { diff, failure, by, gaveUp, entries, takenBack } = partsOf(event);
  const hasDiff = diff !== null && diff.tables.length > 0;
  if (!hasDiff && [failure, by, entries, takenBack].every((part) => part === null))
    return <p className="quiet">There is no more to it than that.</p>;
  return (
    <>
      {by !== null && (
        <p>
          Done by <Text of={by.name} className="name" /> (process {by.pid})
        </p>
      )}
      {gaveUp && <p>The host has given up to mend it: another program keeps changing it.</p>}
      {failure !== null && <WhyFailed failure={failure} />}
      {takenBack !== null && <TakenBack {...takenBack} />}
      {hasDiff && <DiffLines of={diff} />}
      {entries !== null && <Entries {...entries} />}
    </>
  );
}

function WhyFailed({ failure }: { failure: Failure }) {
  const { code, stage, message, lines, lineCount = lines.length, tests = [], stderr, command } = failure;
  return (
    <>
      <div>
        <code>{code}</code> at {stage}: <LongText of={message} />
      </div>
      <FailingLines lines={lines} count={lineCount} />
      <Tests tests={tests} />
      {stderr !== null && (
        <details>
          <summary>
            What <Text of={command ?? 'the program'} /> wrote
          </summary>
          <div className="source">
            <LongText of={stderr} />
          </div>
        </details>
      )}
    </>
  );
}

function TakenBack({ reason, verified }: NonNullable<EventParts['takenBack']>) {
  return (
    <div>
      The change was taken back.
      {verified === false && ' It could not be shown that all is as it was before.'}{' '}
      {reason !== null && <LongText of={reason} />}
    </div>
  );
}

function Entries({ added, removed, truncated }: NonNullable<EventParts['entries']>) {
  return (
    <div className="source">
      <Changed sign="-" says="removed" lines={removed} />
      <Changed sign="+" says="added" lines={added} />
      {truncated && <p className="quiet">… and more</p>}
    </div>
  );
}
