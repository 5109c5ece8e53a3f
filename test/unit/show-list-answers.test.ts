import { expect, it } from 'vitest';
import type { HostAnswer } from '../../src/central/ask/options.ts';
import { showListAnswers } from '../../src/cli/show/show-list-answers.ts';

function answer(end: 'applied' | 'unchanged'): HostAnswer {
  const list = { name: 'blocked', revision: 3, liveRevision: null, entries: 0 };
  return { end, result: { list } } as unknown as HostAnswer;
}

it('a list that was not there was not taken away', () => {
  expect(showListAnswers(new Map([['web-1', answer('unchanged')]]))).toEqual([
    'blocked revision 3: there was no such list, on 1 host',
  ]);
  expect(showListAnswers(new Map([['web-1', answer('applied')]]))).toEqual([
    'blocked revision 3: taken away, on 1 host',
  ]);
});
