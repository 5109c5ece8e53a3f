/** Imported only when there is a YAML file to read: most commands have none, and start faster without this library. */
import { parse as parseYaml } from 'yaml';

/** Its warnings would go past the log and the terminal: what it warns of is found wrong by whoever reads the values. */
export function parse(text: string): unknown {
  return parseYaml(text, { logLevel: 'error' });
}
