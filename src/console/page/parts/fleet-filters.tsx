import type { Choices } from '../fleet/count-hosts.ts';
import { CONDITIONS } from '../fleet/host-filter.ts';
import { type Sorting, writeSorting } from '../fleet/host-sort.ts';
import type { Query } from '../state/address.ts';
import { setQuery } from '../state/navigation.ts';
import { Field, Select } from './fields.tsx';

/** The columns of the fleet. */
export const SORTED_BY = [
  { value: 'host', says: 'Host' },
  { value: 'state', says: 'State' },
  { value: 'groups', says: 'Groups' },
  { value: 'rulesets', says: 'Rulesets' },
  { value: 'lists', says: 'Lists' },
  { value: 'backend', says: 'Backend' },
  { value: 'version', says: 'Version' },
  { value: 'seen', says: 'Last seen' },
  { value: 'failure', says: 'Last failure' },
] as const;

const CHOSEN_BY = [
  { name: 'group', label: 'Group' },
  { name: 'ruleset', label: 'Ruleset' },
  { name: 'list', label: 'List' },
  { name: 'backend', label: 'Backend' },
  { name: 'version', label: 'Version' },
] as const;

const IS = Object.entries(CONDITIONS).map(([value, says]) => ({ value, says }));
const FIELDS = ['q', 'state', 'is', ...CHOSEN_BY.map(({ name }) => name)];

/** What hosts are chosen by; where there is no room for the heads of columns, also in what order they come. */
export function FleetFilters({
  query,
  choices,
  sorting,
}: {
  query: Query;
  choices: Choices;
  sorting: Sorting;
}) {
  const isFiltered = FIELDS.some((name) => query[name] !== undefined);
  return (
    <search className="filters" aria-label="Filter the hosts">
      <Field label="Filter (/)" className="wide" isMain value={query['q']} onType={(q) => setQuery({ q })} />
      <details className="more" open={innerWidth >= 700}>
        <summary>More filters and order</summary>
        <div className="fields">
          <Select
            label="State"
            value={query['state']}
            choices={['online', 'silent', 'offline']}
            onChoose={(state) => setQuery({ state })}
          />
          <Select label="Is" value={query['is']} choices={IS} onChoose={(is) => setQuery({ is })} />
          {CHOSEN_BY.map(({ name, label }) => (
            <Select
              key={name}
              label={label}
              value={query[name]}
              choices={choices[name]}
              onChoose={(value) => setQuery({ [name]: value })}
            />
          ))}
          <div className="narrow-only">
            <Select
              label="In the order of"
              all="Host"
              value={sorting.column === 'host' ? undefined : sorting.column}
              choices={SORTED_BY.filter(({ value }) => value !== 'host')}
              onChoose={(column = 'host') =>
                setQuery({ sort: writeSorting({ column, isDown: sorting.isDown }) })
              }
            />
            <label>
              <input
                type="checkbox"
                checked={sorting.isDown}
                onChange={({ currentTarget }) =>
                  setQuery({ sort: writeSorting({ ...sorting, isDown: currentTarget.checked }) })
                }
              />{' '}
              backwards
            </label>
          </div>
        </div>
      </details>
      {isFiltered && (
        <button
          type="button"
          onClick={() => setQuery(Object.fromEntries(FIELDS.map((name) => [name, undefined])))}
        >
          Clear filters
        </button>
      )}
    </search>
  );
}
