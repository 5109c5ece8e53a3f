import type { Family } from '../../contract/words/identifiers.ts';

/** Where in a file a line of one of its texts stands. */
export interface LinePlace {
  /** From 1. */
  line: number;
  /** Not so where a text is in quotes: all of it counts as where it begins. */
  isExact: boolean;
}

/** For a line of the text of a family, from 1. */
export type PlaceOf = (family: Family, line: number) => LinePlace;
