import type { Reporter, TestModule } from 'vitest/node';

/** The last line of a run, alone and without colours: `232 passed, 0 failed`. */
export const closingLine: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const states = modules.flatMap(({ children }) =>
      [...children.allTests()].map((test) => test.result().state),
    );
    const count = (state: string) => states.filter((found) => found === state).length;
    process.stdout.write(`\n${count('passed')} passed, ${count('failed')} failed\n`);
  },
};
