export { cancelCommand } from './fleet/cancel.ts';
export { consoleCommand } from './fleet/console.ts';
export { diffCommand } from './fleet/diff.ts';
export { forgetCommand } from './fleet/forget.ts';
export { historyCommand } from './fleet/history.ts';
export { listCommand } from './fleet/list.ts';
export { pushCommand } from './fleet/push.ts';
export { rolloutCommand } from './fleet/rollout.ts';
export {
  abortCommand,
  confirmCommand,
  removeCommand,
  reportCommand,
  rollbackCommand,
} from './fleet/rulesets.ts';
export { statusCommand } from './fleet/status.ts';
export { watchCommand } from './fleet/watch.ts';
