import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_MS = 5_000;
/** So much more than after the last collection is worth another. */
const MUCH_BYTES = 32 * 1024 * 1024;

/**
 * Gives back the memory that big jobs took. V8 collects garbage as memory is asked for; a worker that is idle asks for next to none, and
 * would keep hundreds of megabytes until the next job. What an idle worker needs is collected in some 50 ms.
 */
export class SpareMemory {
  readonly #isIdle: () => boolean;
  #keptBytes = getHeapStatistics().total_heap_size;
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
    if (!this.#isIdle() || getHeapStatistics().total_heap_size < this.#keptBytes + MUCH_BYTES) return;
    collectGarbage();
    this.#keptBytes = getHeapStatistics().total_heap_size;
  }
}

/** Node has no other way to ask V8 for it: https://nodejs.org/docs/latest-v20.x/api/v8.html#v8setflagsfromstringflags */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
