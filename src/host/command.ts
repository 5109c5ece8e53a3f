/** Runs a program by its argument list: no shell, a minimal environment, a time limit, bounded output. */
export type RunCommand = (request: CommandRequest) => Promise<CommandResult>;

export interface CommandRequest {
  /** An absolute path. */
  file: string;
  args: readonly string[];
  input?: string | Uint8Array;
  /** The encoding of a text that is its input, and of what it prints; `latin1` has one character for each byte. UTF-8 by default. */
  encoding?: 'utf8' | 'latin1';
  /** Added to the environment that every program gets. */
  environment?: Record<string, string>;
  /** Given to the program as descriptor 3. */
  descriptor?: number;
  timeoutMs: number;
  /** The program's standard output is cut there, and `truncated` says so. */
  maxStdoutBytes?: number;
  /** Called with each line of its standard output, which is then not kept. */
  onLine?: (line: string) => void;
}

/** Runs a program until `stop` is called. */
export type FollowCommand = (request: FollowRequest) => { stop(): void };

interface FollowRequest {
  /** An absolute path. */
  file: string;
  args: readonly string[];
  /** Called with each line of its standard output. */
  onLine: (line: string) => void;
  /** Called if the program has ended by itself. */
  onEnd: (reason: string) => void;
}

export interface CommandResult {
  /** `null` if it was ended by a signal, or could not be started. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  truncated: boolean;
  /** Why it could not be started, with the system's `code`; `null` if it was. */
  startError: NodeJS.ErrnoException | null;
}

export function inputBytes({ input, encoding }: CommandRequest): Uint8Array | undefined {
  return typeof input === 'string' ? Buffer.from(input, encoding) : input;
}

/** @throws {Error} of the system if the program could not be started */
export function assertStarted({ startError }: CommandResult): void {
  if (startError !== null) throw startError;
}
