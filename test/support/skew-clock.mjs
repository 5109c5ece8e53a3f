/**
 * Loaded into a process before its own code: shifts its calendar by `FLEETWALL_TEST_SKEW_MS`, as a step of the clock does, and by what
 * the file `FLEETWALL_TEST_SKEW_FILE` says at that moment, as a clock that is set while the process runs.
 */
import { readFileSync } from 'node:fs';

const { FLEETWALL_TEST_SKEW_MS: fixed = '0', FLEETWALL_TEST_SKEW_FILE: file } = process.env;
const now = Date.now.bind(Date);

function skew() {
  if (file === undefined) return Number(fixed);
  try {
    return Number(fixed) + Number(readFileSync(file, 'utf8'));
  } catch {
    return Number(fixed);
  }
}

globalThis.Date = class extends Date {
  constructor(...args) {
    if (args.length === 0) super(now() + skew());
    else super(...args);
  }

  static now() {
    return now() + skew();
  }
};
