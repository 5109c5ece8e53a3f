import type { FailedLine } from '../../../contract/events/failure.ts';
import { LongText, Unseen } from './text.tsx';

/** A line that was refused, as the terminal shows it: where it stands and why, then the line itself among its neighbours. */
function FailingLine({ of }: { of: FailedLine }) {
  const { family, line, text, reason, context } = of;
  // A host may keep the texts of its rules to itself.
  const quoted = text === '' ? context : [...context, { line, text }];
  return (
    <div className="failing">
      <p className="why">
        <strong>
          {family} line {line}:
        </strong>{' '}
        <LongText of={reason} />
      </p>
      {quoted.length > 0 && (
        <div className="source">
          {quoted
            .toSorted((a, b) => a.line - b.line)
            .map((one) => (
              <div key={one.line} className={one.line === line ? 'line this' : 'line'}>
                <span className="mark">
                  {one.line === line ? (
                    <>
                      <Unseen>failing line </Unseen>
                      <span aria-hidden="true">&gt;</span>
                    </>
                  ) : (
                    ' '
                  )}
                </span>
                <span className="no">{one.line}</span>
                <span className="bar" aria-hidden="true">
                  |
                </span>
                <code>
                  <LongText of={one.text} />
                </code>
              </div>
            ))}
        </div>
      )}
      {of.confidence === 'unknown' && <p className="quiet">It may be another line: this is not certain.</p>}
    </div>
  );
}

export function FailingLines({ lines, count }: { lines: readonly FailedLine[]; count: number }) {
  return (
    <>
      {lines.map((one) => (
        <FailingLine key={`${one.family} ${one.line}`} of={one} />
      ))}
      {count > lines.length && <p className="quiet">{count - lines.length} more lines fail.</p>}
    </>
  );
}
