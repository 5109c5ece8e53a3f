import * as z from 'zod';
import { FleetEvent } from '../events/event.ts';
import { HostForgotten } from '../events/host-forgotten.ts';
import { LogMarked } from '../events/log-marker.ts';
import { ControlMessage } from '../jobs/control.ts';
import { HostPolicy } from '../jobs/host-policy.ts';
import { Job, WrittenRuleset } from '../jobs/job.ts';
import { RolloutEvent } from '../rollouts/rollout-events.ts';

/** A generator of bindings names its classes by the titles. */
const DESCRIBED = {
  job: { schema: Job, title: 'Job', description: 'A job for hosts.' },
  control: { schema: ControlMessage, title: 'Control message', description: 'A control message for hosts.' },
  event: { schema: FleetEvent, title: 'Event', description: 'An event of a host, as a CloudEvent.' },
  'rollout-event': {
    schema: RolloutEvent,
    title: 'Rollout event',
    description: 'What operators say of a rollout, as a CloudEvent.',
  },
  'host-forgotten': {
    schema: HostForgotten,
    title: 'Host forgotten',
    description: 'An operator takes a host out of the fleet, as a CloudEvent.',
  },
  'log-marker': {
    schema: LogMarked,
    title: 'Log marker',
    description: 'An operator marks a place in the event log, as a CloudEvent. It says nothing of the fleet.',
  },
  'ruleset-file': {
    schema: WrittenRuleset,
    title: 'Ruleset file',
    description: 'A ruleset as it is written in YAML or JSON for the command line.',
  },
  'host-policy': {
    schema: HostPolicy,
    title: 'Host policy',
    description: 'The guardrails of a host (FLEETWALL_POLICY).',
  },
} satisfies Record<string, { schema: z.ZodType; title: string; description: string }>;

export type SchemaName = keyof typeof DESCRIBED;
export const SCHEMA_NAMES = Object.keys(DESCRIBED) as SchemaName[];
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Returns the JSON Schemas (2020-12) of everything on the wire and of the files that people write, by name. They say what a
 * writer may send. In messages unknown fields are allowed, as a reader must allow them; in files they are mistakes. What a schema cannot express, such as the syntax of
 * rules, is left out.
 */
export function jsonSchemas(): Map<SchemaName, JsonSchema> {
  return new Map(
    SCHEMA_NAMES.map((name) => {
      const { schema, title, description } = DESCRIBED[name];
      const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
      return [name, { $schema, title, description, ...rest }];
    }),
  );
}

/** Returns the name of the file that has a schema. */
export function schemaFile(name: SchemaName): string {
  return `${name}.schema.json`;
}
