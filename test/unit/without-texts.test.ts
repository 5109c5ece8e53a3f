import { describe, expect, it } from 'vitest';
import { withoutTexts } from '../../src/contract/events/without-texts.ts';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';

describe('what is said of a line, without what the line says', () => {
  it.each([
    [
      "Couldn't load match `geo':No such file or directory",
      '-m geo',
      "Couldn't load match `…':No such file or directory",
    ],
    ["Set blocked doesn't exist.", '-m set --match-set blocked src', "Set … doesn't exist."],
    ['host/network "10.0.0.300" not found', '-s 10.0.0.300', 'host/network "…" not found'],
    ['--dport is given twice', '-p tcp --dport 443 --dport 444', '--dport is given twice'],
    [
      'what it prints, "-A x --comment "a b" -j DROP", is another rule',
      '-A x',
      'what it prints, "…", is another rule',
    ],
    ['no chain SECRET', '-jSECRET', 'no chain …'],
    ['the kernel refuses it', '-A x -j DROP', 'the kernel refuses it'],
  ])('%s', (reason, text, told) => {
    const [line] = COMPLETED_EXAMPLE.data.failure?.lines ?? [];
    if (line === undefined || COMPLETED_EXAMPLE.data.failure === null)
      throw new Error('it has failed at a line');
    const lines = [{ ...line, text, context: [], reason }];
    const failure = { ...COMPLETED_EXAMPLE.data.failure, lines };
    const event = withoutTexts({ ...COMPLETED_EXAMPLE, data: { ...COMPLETED_EXAMPLE.data, failure } });
    expect(event.data.failure?.lines).toMatchObject([{ reason: told, text: '', context: [] }]);
  });
});
