import { setTimeout as sleep } from 'node:timers/promises';
import { FleetClient } from '../../central/fleet-client.ts';
import { isFleetEvent } from '../../central/log/event-reader.ts';
import type { HostState } from '../../central/log/fleet-state.ts';
import { inNaturalOrder } from '../../central/messages/names.ts';
import {
  type ClientSettingName,
  type ClientSettings,
  loadClientSettings,
} from '../../config/client-settings.ts';
import { type NameKind, SeenNames } from './seen-names.ts';

type Flags = Partial<Record<ClientSettingName, string>>;

/** Nobody waits longer at a TAB. */
const ASK_MS = 700;
/** For so long nothing is asked again. */
const FRESH_MS = 30_000;
/** Each host says how it is in that time. */
const LOOK_BACK_MS = 120_000;

/** Names as the last events tell them, and as they were seen before. Never waits for long. */
export async function findNames(kind: NameKind, flags: Flags): Promise<string[]> {
  const settings = await loadClientSettings(flags);
  const seen = await SeenNames.open(settings);
  const now = Date.now();
  if (now - seen.askedAt > FRESH_MS) {
    const asked = listen(settings, seen).catch(() => {});
    await Promise.race([asked, sleep(ASK_MS)]);
    await seen.save(now);
  }
  return seen.names(kind).toSorted(inNaturalOrder);
}

async function listen(settings: ClientSettings, seen: SeenNames): Promise<void> {
  const client = await FleetClient.connect({ settings, name: 'fleetwall completion' });
  for await (const event of client.past({ since: new Date(Date.now() - LOOK_BACK_MS) })) {
    if (!isFleetEvent(event)) continue;
    const { data } = event;
    const when = Date.parse(event.time);
    seen.see('hosts', [data.hostId], when);
    if (!('groups' in data)) continue;
    seen.see('groups', data.groups, when);
    seen.see(
      'rulesets',
      data.rulesets.map(({ name }) => name),
      when,
    );
  }
}

/** Keeps the names of a fleet that was looked at, for the next TAB. */
export async function rememberFleet(flags: Flags, hosts: Iterable<HostState>): Promise<void> {
  const seen = await SeenNames.open(await loadClientSettings(flags));
  for (const { hostId, groups, rulesets, lastSeen } of hosts) {
    seen.see('hosts', [hostId], lastSeen.getTime());
    seen.see('groups', groups, lastSeen.getTime());
    seen.see(
      'rulesets',
      rulesets.map(({ name }) => name),
      lastSeen.getTime(),
    );
  }
  await seen.save();
}

/** A host that is no more is not offered any more. */
export async function dropHost(flags: Flags, host: string): Promise<void> {
  const seen = await SeenNames.open(await loadClientSettings(flags));
  seen.forget(host);
  await seen.save();
}
