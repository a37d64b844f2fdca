import { z } from "zod";
import { ROLES } from "../../principal.ts";

/** A role, as it is asked for and shown. */
export const role = z.enum(ROLES);

/** A time, as it is shown. */
export const isoTime = z.iso.datetime();

/** @param at epoch milliseconds */
export const toIso = (at: number): string => new Date(at).toISOString();

/** As {@link toIso}, of what need not be. */
export const toIsoOrNull = (at: number | undefined): string | null =>
  at === undefined ? null : toIso(at);

/** Names of tokens. */
export const tokenName = z.string().min(1).max(200);

export const scopeList = z.array(z.string().min(1).max(600)).max(100);
