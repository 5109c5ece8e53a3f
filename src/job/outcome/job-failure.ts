import {
  type FailedLine,
  type FailedTest,
  type FailureCode,
  type Stage,
} from '../../contract/events/failure.ts';

/** What a tool printed and how it ended, as evidence. */
export interface ToolReport {
  command: string;
  exitCode: number | null;
  stderr: string;
}

export interface JobFailureOptions {
  lines?: FailedLine[];
  /** How many lines fail in all; `null`: there may be more. Default: the number of `lines`. */
  lineCount?: number | null;
  tool?: ToolReport;
  /** The tests with packets that did not come out as they have to. */
  tests?: FailedTest[];
  cause?: unknown;
}

/**
 * Why a job cannot go on. `stage` tells how far the job got: up to `lint` the host was not touched; from `apply` on its rules may
 * have changed, and whoever catches this error takes the change back.
 */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly stage: Stage;
  readonly code: FailureCode;
  readonly lines: FailedLine[];
  readonly lineCount: number | null;
  readonly tool: ToolReport | null;
  readonly tests: FailedTest[] | null;

  constructor(
    stage: Stage,
    code: FailureCode,
    message: string,
    { lines = [], lineCount = lines.length, tool, tests, cause }: JobFailureOptions = {},
  ) {
    super(message, { cause });
    this.stage = stage;
    this.code = code;
    this.lines = lines;
    this.lineCount = lineCount;
    this.tool = tool ?? null;
    this.tests = tests ?? null;
  }
}
