import * as z from 'zod';
import { readYamlSettings } from './read-yaml.ts';

const Common = {
  name: z.string().min(1).max(64).optional(),
  timeoutSeconds: z.number().positive().max(60).default(5),
};
const TCP = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:/]+)):(\d{1,5})$/;

/** `tcp` connects, `http` asks for a page (GET) and wants a status below 400, `icmp` wants an echo. */
const Probe = z.union(
  [
    z.strictObject({ ...Common, tcp: z.string().regex(TCP, 'must be HOST:PORT, or [ADDRESS]:PORT') }),
    z.strictObject({
      ...Common,
      http: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
    }),
    z.strictObject({ ...Common, icmp: z.string().regex(/^[^\s-]\S*$/, 'must be a host name or an address') }),
  ],
  'must have one of tcp, http and icmp, and may have name and timeoutSeconds (up to 60)',
);
const ProbesFile = z.strictObject({ probes: z.array(Probe).max(50) });

/** One of a host's own probes: what has to be reached after a change, and in what time. */
export interface HostProbe {
  kind: 'tcp' | 'http' | 'icmp';
  /** `host:port`, a URL, or a host. */
  target: string;
  /** How events name it. */
  name: string;
  timeoutSeconds: number;
}

/** @throws {SettingsError} */
export async function readHostProbes(path: string | undefined): Promise<HostProbe[]> {
  if (path === undefined) return [];
  const { probes } = await readYamlSettings(path, ProbesFile);
  return probes.map((probe) => {
    const kind = 'tcp' in probe ? 'tcp' : 'http' in probe ? 'http' : 'icmp';
    const target = 'tcp' in probe ? probe.tcp : 'http' in probe ? probe.http : probe.icmp;
    return { kind, target, name: probe.name ?? `${kind} ${target}`, timeoutSeconds: probe.timeoutSeconds };
  });
}
