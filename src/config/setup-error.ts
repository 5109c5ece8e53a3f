/** The worker cannot do its work on this host or with these settings; the message says what to do about it. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
