/** What the processes of the live benchmark tell each other. */

/** To the clients: connect, `count` times. With several topics, each client has one of them. */
export interface ConnectCommand {
  readonly kind: "connect";
  readonly url: string;
  readonly topics: readonly string[];
  readonly count: number;
}

/** To the clients: say what was received, once every client has seen its job's last state. */
export interface ReportCommand {
  readonly kind: "report";
}

/** To the clients: go away. */
export interface CloseCommand {
  readonly kind: "close";
}

export type Command = ConnectCommand | ReportCommand | CloseCommand;

export interface ClientReport {
  readonly kind: "report";
  /** From the call that made progress known until a client had it, ms. */
  readonly latencies: readonly number[];
  readonly messages: number;
  /** Clients that have seen their job end. */
  readonly ended: number;
}

export type Message =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "connected" }
  | { readonly kind: "closed" }
  | ClientReport;

/** Milliseconds that all processes of a machine agree on. */
export const nowMs = (): number => performance.timeOrigin + performance.now();
