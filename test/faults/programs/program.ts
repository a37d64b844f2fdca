/** What a program and the test that started it tell each other. */
export interface Message {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What the test wants of this program. */
export const setting = <T>(): T => JSON.parse(process.argv[2]!) as T;

/** Tells the test something. */
export function tell(type: string, fields: Record<string, unknown> = {}): void {
  process.send?.({ type, ...fields });
}

/** Does what the test asks for by messages, one after the other; an answer goes back under the same type. */
export function obey(commands: Record<string, (message: Message) => unknown>): void {
  // Without the test there is nobody to work for.
  process.on("disconnect", () => process.exit());
  process.on("message", (message: Message) => {
    void (async () => {
      const answer = await commands[message.type]!(message);
      if (answer !== undefined) tell(message.type, answer as Record<string, unknown>);
    })();
  });
}
