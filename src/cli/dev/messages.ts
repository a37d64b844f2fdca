/** What the process that runs the program tells the one that watches its files. */
export type DevMessage =
  | { readonly type: "file"; readonly file: string }
  | { readonly type: "listening"; readonly port: number };

/** In the environment of a process that runs the program: the port of the one before it, or "first". */
export const CHILD = "LONGHAUL_DEV_CHILD";
