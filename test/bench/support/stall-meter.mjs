/**
 * Loaded into a worker before its own code: writes how long its event loop stood still at most, in milliseconds, into the file that
 * `FLEETWALL_BENCH_STALL` names. It begins anew when that file is gone.
 */

import { existsSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const file = process.env.FLEETWALL_BENCH_STALL ?? '';
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
setInterval(() => {
  if (!existsSync(file)) delay.reset();
  writeFileSync(file, (delay.max / 1e6).toFixed(1));
}, 100).unref();
