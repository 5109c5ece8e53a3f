import * as z from 'zod';
import { Family } from '../words/identifiers.ts';

const TableRollback = z.object({
  family: Family,
  table: z.string().describe('The name of the table.'),
  performed: z.boolean().describe('Whether it had to be put back.'),
  verified: z.boolean().describe('Whether it is as it was.'),
});

export const Rollback = z.object({
  performed: z.boolean().describe('Whether the worker put something back, or tried to.'),
  reason: z.string().nullable().describe('Why, for people.'),
  verified: z.boolean().nullable().describe('Whether the host was read again, and is as it was before.'),
  tables: z.array(TableRollback).optional().describe('Every table that was written or tried.'),
});
export type Rollback = z.infer<typeof Rollback>;
