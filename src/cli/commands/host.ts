export { applyCommand } from './host/apply.ts';
export { checkCommand } from './host/check.ts';
export { convertCommand } from './host/convert.ts';
export { doctorCommand } from './host/doctor.ts';
export { planCommand } from './host/plan.ts';
export { serviceCommand } from './host/service.ts';
export { settleCommand } from './host/settle.ts';
export { testCommand } from './host/test.ts';
