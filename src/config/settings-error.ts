/** Settings are wrong. For the person who starts the worker, the message says what is wrong with each, and where it was set. */
export class SettingsError extends Error {
  /** That of the class. */
  override readonly name = 'SettingsError';
  /** Stays the same, whatever the message says. */
  readonly code = 'settings_invalid';
}
