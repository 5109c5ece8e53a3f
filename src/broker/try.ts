/** Something that is tried, and over at some time. */
export class Try {
  end: () => void = () => {};
  readonly over = new Promise<void>((resolve) => (this.end = resolve));
}
