/** Imported only when there is a YAML file to read: most commands have none, and start faster without this library. */
export { parse } from 'yaml';
