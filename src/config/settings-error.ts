/** What is wrong with the settings, each with its source: for the person who starts the worker. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'settings_invalid';
}
