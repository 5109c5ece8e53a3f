export { completionCommand } from './setup/completion.ts';
export { explainCommand } from './setup/explain.ts';
export { keysCommand } from './setup/keys.ts';
export { provisionCommand } from './setup/provision.ts';
export { schemaCommand } from './setup/schema.ts';
