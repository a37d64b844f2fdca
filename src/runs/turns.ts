/**
 * Turns of one run: a result is handed to its code, the code runs until nothing is left in the microtask queue, then
 * comes the next result. Live and in a replay the code so sees the same results between the same of its own calls,
 * however many promises it puts in between.
 */
export class Turns {
  readonly #onEnd: () => void;
  #running = false;

  /** @param onEnd called when a turn is over */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Whether the code may still be running. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** Begins a turn, unless one is running. */
  begin(): void {
    if (this.#running) return;
    this.#running = true;
    queue(this.#afterMicrotasks);
  }

  // A tick that is queued by a microtask runs once the microtask queue is empty; queued by a tick, it would run before.
  readonly #afterMicrotasks = (): void => tick(this.#end);

  readonly #end = (): void => {
    this.#running = false;
    this.#onEnd();
  };
}

const tick = process.nextTick.bind(process);
const queue = globalThis.queueMicrotask;
