import { clearScreenDown, moveCursor } from 'node:readline';
import { printAside } from './print.ts';
import { cut, sizeOr } from './table.ts';

/** Of a terminal that does not say how large it is. */
const USUAL = { columns: 80, rows: 24 };

/** Takes away what is drawn now. */
let clearDrawn = () => {};

/** Writes a line to standard error, above the view that is drawn there. */
export function tellAside(text: string): void {
  clearDrawn();
  printAside(`${text}\n`);
}

/** Lines that are drawn again in the same place, on a terminal. Elsewhere nothing is drawn. */
export class LiveView {
  readonly #stream: NodeJS.WriteStream;
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  get isShown(): boolean {
    return this.#stream.isTTY;
  }

  /** Draws what does not fit no further than the terminal is wide and high: a line that wraps could not be taken back. */
  draw(lines: readonly string[]): void {
    if (!this.isShown) return;
    const columns = sizeOr(this.#stream.columns, USUAL.columns);
    const rows = sizeOr(this.#stream.rows, USUAL.rows);
    const fitting = lines.slice(0, rows - 1).map((line) => cut(line, columns - 1));
    this.clear();
    if (fitting.length === 0) return;
    this.#stream.write(`${fitting.join('\n')}\n`);
    this.#drawn = fitting.length;
    clearDrawn = () => this.clear();
  }

  clear(): void {
    if (!this.isShown || this.#drawn === 0) return;
    moveCursor(this.#stream, 0, -this.#drawn);
    clearScreenDown(this.#stream);
    this.#drawn = 0;
    clearDrawn = () => {};
  }
}

/** `[█████     ] 12/24` in so many columns. */
export function progressBar(done: number, all: number, width: number): string {
  const filled = all === 0 ? width : Math.min(width, Math.round((done / all) * width));
  return `[${'█'.repeat(filled)}${' '.repeat(width - filled)}] ${done}/${all}`;
}
