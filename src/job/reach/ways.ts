import type { Family } from '../../contract/words/identifiers.ts';
import type { Rule } from '../../ruleset/model.ts';
import type { ChainRules } from './changed-rules.ts';
import { ANY, both, type Conditions } from './conditions.ts';
import { conditionsOf, type SetEntries } from './read-conditions.ts';

/** How a packet comes to a chain: from where the kernel begins, and what it has to have for each jump. */
export interface Way {
  base: string;
  conditions: Conditions;
}

/** Of the ways to a chain, the shortest ones are tried. */
const MOST_WAYS = 3;
const LONGEST = 8;

/** Answers for the rules of one table by which ways packets come to a chain, and what its rules ask for. */
export class Ways {
  readonly #rules: ChainRules;
  readonly #family: Family;
  readonly #sets: SetEntries;
  readonly #jumps = new Map<string, Rule[]>();
  readonly #read = new Map<Rule, Conditions | null>();

  constructor(rules: ChainRules, family: Family, sets: SetEntries) {
    this.#rules = rules;
    this.#family = family;
    this.#sets = sets;
    for (const chain of rules.chains.values())
      for (const rule of chain) {
        if (rule.jump === null || !rules.chains.has(rule.jump.target)) continue;
        const known = this.#jumps.get(rule.jump.target);
        if (known === undefined) this.#jumps.set(rule.jump.target, [rule]);
        else known.push(rule);
      }
  }

  conditionsOf(rule: Rule): Conditions | null {
    let found = this.#read.get(rule);
    if (found === undefined) this.#read.set(rule, (found = conditionsOf(rule, this.#family, this.#sets)));
    return found;
  }

  to(chain: string): Way[] {
    const found: Way[] = [];
    let ends: Way[] = [{ base: chain, conditions: ANY }];
    for (let step = 0; step < LONGEST && ends.length > 0 && found.length < MOST_WAYS; step += 1) {
      found.push(...ends.filter(({ base }) => this.#rules.policies.has(base)));
      ends = ends.flatMap((way) => this.#before(way)).slice(0, MOST_WAYS * LONGEST);
    }
    return found.slice(0, MOST_WAYS);
  }

  #before({ base, conditions }: Way): Way[] {
    return (this.#jumps.get(base) ?? []).flatMap((jump) => {
      const own = this.conditionsOf(jump);
      const joined = own === null ? null : both(own, conditions);
      return joined === null ? [] : [{ base: jump.chain, conditions: joined }];
    });
  }
}
