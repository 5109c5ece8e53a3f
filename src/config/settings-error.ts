/** Settings are wrong. For the person who starts the worker, the message says what is wrong with each, and where it was set. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'settings_invalid';
}
