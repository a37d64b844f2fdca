/** What a check found. `wrong` makes the doctor fail, `warning` does not. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warning" | "wrong";
  readonly found: string;
  /** What to do about it, where there is something. */
  readonly fix?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, status: "ok", found });

export const warning = (check: string, found: string, fix: string): Finding => ({
  ...{ check, status: "warning", found, fix },
});

export const wrong = (check: string, found: string, fix: string): Finding => ({
  ...{ check, status: "wrong", found, fix },
});
