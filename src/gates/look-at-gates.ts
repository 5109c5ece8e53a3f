import type { GateLook } from '../contract/rollouts/gates.ts';
import { lookByCommand } from './command-gate.ts';
import type { Finding } from './finding.ts';
import type { Gate, Gates } from './gates-file.ts';
import { lookByHttp } from './http-gate.ts';
import { lookAtPrometheus } from './prometheus-gate.ts';

const LONGEST_TEXT = 1_000;

/** Looks at all gates at once, each in its own time. A gate that cannot be looked at is inconclusive: nothing is thrown. */
export async function lookAtGates({ gates, folder }: Gates, signal?: AbortSignal): Promise<GateLook[]> {
  return await Promise.all(
    gates.map(async (gate) => {
      const { verdict, value, wanted, reason } = await lookAt(gate, folder, signal);
      const short = (text: string) => text.slice(0, LONGEST_TEXT);
      return {
        name: gate.name,
        verdict,
        value: value === null ? null : short(value),
        wanted: short(wanted),
        reason: short(reason),
        at: new Date().toISOString(),
      };
    }),
  );
}

async function lookAt(gate: Gate, folder: string, signal: AbortSignal | undefined): Promise<Finding> {
  if ('prometheus' in gate) return await lookAtPrometheus(gate.prometheus, signal);
  if ('http' in gate) return await lookByHttp(gate.http, signal);
  return await lookByCommand(gate, folder, signal);
}
