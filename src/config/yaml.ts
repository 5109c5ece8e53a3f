/** To be imported when there is a file to be read: most of what starts has none, and need not wait for it. */
export { parse } from 'yaml';
