import { LINES_A_STEP, type Steps } from '../../steps.ts';
import { appendAll } from '../append-all.ts';
import type { Problem, Rule } from '../model.ts';
import { builtInChains } from '../tables.ts';
import type { SentChain, SentCommand, SentSection } from '../text/sent-text.ts';
import { countRules } from './count-copies.ts';
import { lintJumps } from './lint-jumps.ts';
import { chainsOf, commandsIn } from './lint-section.ts';
import { copiesOf, readSentRule, type SentRule } from './read-rule.ts';
import type { Hook, WantedTable } from './wanted-table.ts';

/** Reads a section in scope `chains`. The declared chains are the ruleset's. In all other chains it may only have hooks. */
export function ownChains(section: SentSection): Steps<{ table: WantedTable; problems: Problem[] }> {
  return new ChainsReader(section).read();
}

class ChainsReader {
  readonly #section: SentSection;
  readonly #problems: Problem[] = [];
  readonly #declared = new Map<string, SentChain>();
  readonly #chains = new Map<string, Rule[]>();
  readonly #hooks: Hook[] = [];

  constructor(section: SentSection) {
    this.#section = section;
  }

  *read(): Steps<{ table: WantedTable; problems: Problem[] }> {
    for (const chain of chainsOf(this.#section)) this.#declare(chain);
    const rules: Rule[] = [];
    for (const [index, command] of commandsIn(this.#section).entries()) {
      if (index % LINES_A_STEP === 0) yield;
      const rule = this.#readRule(command);
      if (rule !== null) rules.push(rule);
    }
    appendAll(this.#problems, lintJumps(this.#section, this.#declared, rules));
    const { table: name, commitLine } = this.#section;
    const declarations = new Map([...this.#declared.values()].map((chain) => [chain.name, chain.line]));
    const table = {
      name,
      chains: this.#chains,
      policies: new Map(),
      hooks: this.#hooks,
      declarations,
      commitLine,
      script: null,
    };
    return { table, problems: this.#problems };
  }

  #declare(chain: SentChain): void {
    const known = this.#declared.get(chain.name);
    if (builtInChains(this.#section.table).includes(chain.name))
      this.#refuse(
        chain,
        chain.name,
        'a built-in chain is not declared in scope chains: leave the line out, or have all of the table (scope tables)',
      );
    else if (known !== undefined)
      this.#refuse(chain, chain.name, `chain ${chain.name} is declared already, on line ${known.line}`);
    else {
      this.#declared.set(chain.name, chain);
      this.#chains.set(chain.name, []);
    }
  }

  #readRule(command: SentCommand): Rule | null {
    const sent = readSentRule(command);
    if (sent === null) {
      this.#refuse(
        command,
        null,
        'is not one of the lines that a ruleset of scope chains may have: *TABLE, :CHAIN, -A CHAIN …, -I CHAIN … and COMMIT; "fleetwall convert FILE" writes other commands so, for scope tables',
      );
      return null;
    }
    const reason = this.#objection(sent);
    if (reason !== null) {
      this.#refuse(command, sent.rule.chain, reason);
      return null;
    }
    const rules = copiesOf(sent.rule, countRules(command));
    for (const rule of rules) this.#keep(rule);
    return sent.rule;
  }

  #objection({ rule, position }: SentRule): string | null {
    if (position !== null)
      return `a position (${position}) is not possible: write the rule without the number`;
    if (this.#chains.has(rule.chain))
      return rule.insert ? 'in a chain of its own a ruleset gives its rules in order: write -A' : null;
    const { jump } = rule;
    if (jump !== null && !jump.isGoto && this.#chains.has(jump.target)) return null;
    const isGoto = jump?.isGoto === true && this.#chains.has(jump.target);
    const what = isGoto ? 'only jump, by -j,' : 'only jump';
    return `chain ${rule.chain} is not declared, so not this ruleset's: a rule in it may ${what} to a chain that the ruleset declares`;
  }

  #keep(rule: Rule): void {
    const own = this.#chains.get(rule.chain);
    if (own !== undefined) own.push(rule);
    else
      this.#hooks.push({ rule, target: rule.jump?.target ?? '', position: rule.insert ? 'first' : 'last' });
  }

  #refuse({ line }: { line: number }, chain: string | null, reason: string): void {
    this.#problems.push({ line, table: this.#section.table, chain, reason });
  }
}
