import { type FailedLine, type FailureCode, type Stage } from '../../contract/failure.ts';

/** What a tool said and how it ended, as evidence. */
export interface ToolReport {
  command: string;
  exitCode: number | null;
  stderr: string;
}

export interface JobFailureOptions {
  lines?: FailedLine[];
  /** How many lines there are in all; `null`: more may not have been looked for. By default those of `lines`. */
  lineCount?: number | null;
  tool?: ToolReport;
  cause?: unknown;
}

/**
 * A job cannot go on. `stage` says how far the damage reaches: up to `lint` nothing but the message was touched,
 * from `apply` on the host may have been changed, and is put back by whoever catches this.
 */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly stage: Stage;
  readonly code: FailureCode;
  readonly lines: FailedLine[];
  readonly lineCount: number | null;
  readonly tool: ToolReport | null;

  constructor(
    stage: Stage,
    code: FailureCode,
    message: string,
    { lines = [], lineCount = lines.length, tool, cause }: JobFailureOptions = {},
  ) {
    super(message, { cause });
    this.stage = stage;
    this.code = code;
    this.lines = lines;
    this.lineCount = lineCount;
    this.tool = tool ?? null;
  }
}
