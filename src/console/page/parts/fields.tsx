import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { escapeControl } from '../../../contract/words/escape.ts';

export function Select({
  label,
  value,
  choices,
  onChoose,
  all = 'any',
}: {
  label: string;
  value: string | undefined;
  choices: readonly (string | { value: string; says: string })[];
  onChoose: (value: string | undefined) => void;
  all?: string;
}) {
  const id = useId();
  const options = choices.map((one) => (typeof one === 'string' ? { value: one, says: one } : one));
  // What the address asks for is shown, also where no host has it any more.
  const isKnown = value === undefined || options.some((one) => one.value === value);
  return (
    <div className="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value ?? ''}
        onChange={({ currentTarget }) =>
          onChoose(currentTarget.value === '' ? undefined : currentTarget.value)
        }
      >
        <option value="">{all}</option>
        {!isKnown && <option value={value}>{escapeControl(value)}</option>}
        {options.map((one) => (
          <option key={one.value} value={one.value}>
            {escapeControl(one.says)}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Field({
  label,
  value,
  onType,
  className = '',
  isMain = false,
  children,
}: {
  label: string;
  value: string | undefined;
  onType: (value: string | undefined) => void;
  className?: string;
  /** The key `/` leads to it. */
  isMain?: boolean;
  children?: ComponentChildren;
}) {
  const id = useId();
  return (
    <div className={`field ${className}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        autocomplete="off"
        spellcheck={false}
        value={value ?? ''}
        data-main={isMain ? '' : undefined}
        aria-keyshortcuts={isMain ? '/' : undefined}
        onInput={({ currentTarget }) => onType(currentTarget.value === '' ? undefined : currentTarget.value)}
      />
      {children}
    </div>
  );
}

const QUIET = 600;

/** Says how many were found once somebody has stopped to change what is looked for, and not each time that hosts change. */
export function Announce({ says, after }: { says: string; after: string }) {
  const [said, setSaid] = useState('');
  const now = useRef(says);
  now.current = says;
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const timer = setTimeout(() => setSaid(now.current), QUIET);
    return () => clearTimeout(timer);
  }, [after]);
  return (
    <p role="status" className="unseen">
      {said}
    </p>
  );
}
