/** How far the benchmark is, on stderr: a bar on a terminal, a line now and then elsewhere. */

const WIDTH = 24;

export class Progress {
  readonly #total: number;
  readonly #start = performance.now();
  #done = 0;

  /** @param total The number of measures to come, over all rounds and contestants. */
  constructor(total: number) {
    this.#total = total;
  }

  show(what: string): void {
    const seconds = Math.round((performance.now() - this.#start) / 1_000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (process.stderr.isTTY) {
      const filled = Math.round((WIDTH * this.#done) / this.#total);
      const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
      process.stderr.write(`\r\u001B[2K${bar} ${this.#done}/${this.#total} ${time} ${what}`);
    } else {
      process.stderr.write(`${this.#done}/${this.#total} ${time} ${what}\n`);
    }
  }

  step(count = 1): void {
    this.#done += count;
  }

  /** A message that stays. */
  say(text: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\u001B[2K${text}\n` : `${text}\n`);
  }
}
