/** Something that is wrong with a file that a person gave, and where. */
export class FileProblem {
  readonly path: string;
  /** `null`: the file as a whole. */
  readonly line: number | null;
  readonly reason: string;

  constructor(path: string, line: number | null, reason: string) {
    this.path = path;
    this.line = line;
    this.reason = reason;
  }

  toString(): string {
    return this.line === null ? `${this.path}: ${this.reason}` : `${this.path}:${this.line}: ${this.reason}`;
  }
}

/** A file that cannot be taken for what it should be. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly problems: readonly FileProblem[];

  constructor(problems: readonly FileProblem[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
