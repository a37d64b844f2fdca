import { auditList } from "./audit.ts";
import { publicTokenCreate } from "./public-tokens.ts";
import { meGet, sessionCreate, sessionDelete } from "./session.ts";
import { tokenCreate, tokenList, tokenRevoke } from "./tokens.ts";

/** Who may ask, and what was done. */
export const adminRoutes = [
  meGet,
  sessionCreate,
  sessionDelete,
  tokenList,
  tokenCreate,
  tokenRevoke,
  publicTokenCreate,
  auditList,
] as const;
