/** Loaded into a process before its own code: shifts its calendar by `FLEETWALL_TEST_SKEW_MS`, as a step of the clock does. */
const skew = Number(process.env.FLEETWALL_TEST_SKEW_MS ?? 0);
const now = Date.now.bind(Date);

globalThis.Date = class extends Date {
  constructor(...args) {
    if (args.length === 0) super(now() + skew);
    else super(...args);
  }

  static now() {
    return now() + skew;
  }
};
