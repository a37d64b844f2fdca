/**
 * Named places where a test can kill this process the hard way.
 *
 * `LONGHAUL_CRASH_AT=name` kills at the first pass, `LONGHAUL_CRASH_AT=name#3` at the third. The variable is read once,
 * when this module loads; without it a crash point is an empty function.
 */
const [target, nth = "1"] = (process.env["LONGHAUL_CRASH_AT"] ?? "").split("#") as [
  string,
  string?,
];
let passesLeft = Number(nth);

/** Whether any crash point is set. Hot paths check it before they build a name. */
export const crashPointsArmed = target !== "";

/** Kills this process with SIGKILL when `LONGHAUL_CRASH_AT` names this point. */
export const crashPoint: (name: string) => void = crashPointsArmed
  ? (name) => {
      if (name === target && --passesLeft === 0) process.kill(process.pid, "SIGKILL");
    }
  : () => {};
