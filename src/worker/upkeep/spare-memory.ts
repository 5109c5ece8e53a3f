import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BackOff } from '../../job/time/back-off.ts';

const LOOK_MS = 5_000;
/** So much more than after the last collection is worth another. */
const MUCH_BYTES = 32 * 1024 * 1024;
/** After so long, what a job still held when memory was last given back may be garbage, too. */
const LATER = { firstMs: 20_000, longestMs: 3_600_000 };

/**
 * Gives back the memory that big jobs took. V8 collects garbage as memory is asked for; a worker that is idle asks for next to none, and
 * would keep hundreds of megabytes until the next job. What an idle worker needs is collected in some 50 ms.
 */
export class SpareMemory {
  readonly #isIdle: () => boolean;
  #keptBytes = heldBytes();
  #leastBytes = this.#keptBytes;
  readonly #later = new BackOff(LATER);
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param isIdle whether no job is in hand */
  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (!this.#isIdle()) return;
    const held = heldBytes();
    const isMore = held >= this.#keptBytes + MUCH_BYTES;
    // What is in use is not looked through again and again.
    const isLater = held >= this.#leastBytes + MUCH_BYTES && performance.now() >= this.#notBefore;
    if (!isMore && !isLater) return;
    if (isMore) this.#later.reset();
    collectGarbage();
    this.#keptBytes = heldBytes();
    this.#leastBytes = Math.min(this.#leastBytes, this.#keptBytes);
    this.#notBefore = performance.now() + this.#later.next();
  }
}

/** With what lies beside V8's heap, and goes with an object of it: the bytes of messages, and of what programs read. */
function heldBytes(): number {
  const { total_heap_size: heap, external_memory: beside } = getHeapStatistics();
  return heap + beside;
}

/** Node has no other way to ask V8 for it: https://nodejs.org/docs/latest-v20.x/api/v8.html#v8setflagsfromstringflags */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
