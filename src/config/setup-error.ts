/** The host or the settings are not such that the worker can do its work; the message says what to do about it. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
