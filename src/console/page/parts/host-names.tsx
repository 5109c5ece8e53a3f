import { plural } from '../text/words.ts';
import { HostLink } from './text.tsx';

const FIRST = 12;

/** The first of them, and the others at a click. */
export function HostNames({ hosts, count = hosts.length }: { hosts: readonly string[]; count?: number }) {
  const unnamed = count - hosts.length;
  return (
    <div className="names">
      <NameList hosts={hosts.slice(0, FIRST)} />
      {hosts.length > FIRST && (
        <details>
          <summary>{plural(hosts.length - FIRST, 'more host')}</summary>
          <NameList hosts={hosts.slice(FIRST)} />
        </details>
      )}
      {unnamed > 0 && <p className="quiet">and {plural(unnamed, 'more host')} that are not named here</p>}
    </div>
  );
}

function NameList({ hosts }: { hosts: readonly string[] }) {
  return (
    <ul className="inline">
      {hosts.map((id) => (
        <li key={id}>
          <HostLink id={id} />
        </li>
      ))}
    </ul>
  );
}
