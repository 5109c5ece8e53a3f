/** No host has a change that waits for the answer that was given. */
export class NobodyWaits extends Error {
  override readonly name = 'NobodyWaits';
  readonly code = 'nobody_waits';
}
