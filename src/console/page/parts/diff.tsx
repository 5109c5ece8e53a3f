import type { Diff } from '../../../contract/events/event.ts';
import { plural } from '../text/words.ts';
import { LongText, Text, Unseen } from './text.tsx';

/** By family and table, what goes and what comes. */
export function DiffLines({ of }: { of: Diff }) {
  return (
    <div className="diff">
      <p>
        {plural(of.added, 'rule')} added, {of.removed.toLocaleString('en')} removed,{' '}
        {of.unchanged.toLocaleString('en')} as they were
      </p>
      {of.tables.map(({ family, table, added, removed, truncated }) => (
        <div key={`${family} ${table}`} className="source">
          <p className="where">
            {family} <Text of={table} />
          </p>
          <Changed sign="-" says="removed" lines={removed} />
          <Changed sign="+" says="added" lines={added} />
          {truncated && <p className="quiet">… and more</p>}
        </div>
      ))}
    </div>
  );
}

export function Changed({ sign, says, lines }: { sign: '+' | '-'; says: string; lines: readonly string[] }) {
  return (
    <>
      {lines.map((text, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the same rule may be there twice, and the list does not change
        <div key={index} className={sign === '+' ? 'line added' : 'line removed'}>
          <span className="mark">
            <Unseen>{says} </Unseen>
            <span aria-hidden="true">{sign}</span>
          </span>
          <code>
            <LongText of={text} />
          </code>
        </div>
      ))}
    </>
  );
}
