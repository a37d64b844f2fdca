import { ROLES } from "../../server/principal.ts";
import { withClient } from "../with-client.ts";
import { API_OPTIONS, type Command } from "../command.ts";
import { table } from "../table.ts";
import { usage } from "../values.ts";

export const tokensCreate: Command = {
  name: "tokens create",
  summary: "Make an API token; it is shown this once",
  args: ["<name>"],
  options: {
    role: { kind: "text", value: "<role>", help: "viewer, operator or admin" },
    scope: {
      ...{ kind: "text", value: "<scope>", isList: true },
      help: "A single thing, such as read:queue:emails",
    },
    expires: { kind: "duration", value: "<time>", help: "Such as 90d (default: never)" },
    ...API_OPTIONS,
  },
  examples: [
    "tokens create ci --role operator --expires 90d",
    "tokens create wallboard --scope read:queue:emails --scope read:function:import",
  ],
  run: async ({ args: [name = ""], values, out }) => {
    const asked = values.text("role");
    const role = ROLES.find((known) => known === asked);
    if (asked !== undefined && role === undefined)
      throw usage(`--role is viewer, operator or admin, not ${asked}`);
    const scopes = [...values.list("scope")];
    if (role === undefined && scopes.length === 0) throw usage("Give --role, or --scope");
    const expiresInMs = values.duration("expires");
    const body = { name, role, scopes, expiresInMs };
    const token = await withClient(values, (client) => client.tokens.create({ body }), {
      mayCreate: true,
    });
    out.result(token, ({ secret }) => secret);
    out.note(`This is the only time that token ${token.id} is shown.`);
  },
};

export const tokensList: Command = {
  name: "tokens list",
  summary: "The API tokens, without their secrets",
  args: [],
  options: API_OPTIONS,
  examples: ["tokens list", "tokens list --json"],
  run: async ({ values, out }) => {
    const answer = await withClient(values, (client) => client.tokens.list());
    out.result(answer, ({ data }) =>
      data.length === 0
        ? "There are no tokens."
        : table(
            ["ID", "NAME", "MAY", "EXPIRES", "LAST USED"],
            data.map((token) => [
              token.id,
              token.name,
              token.role ?? token.scopes.join(" "),
              token.revokedAt === null ? (token.expiresAt ?? "never") : "revoked",
              token.lastUsedAt ?? "never",
            ]),
          ),
    );
  },
};

export const tokensRevoke: Command = {
  name: "tokens revoke",
  summary: "End an API token, at once and in all processes",
  args: ["<tokenId>"],
  options: API_OPTIONS,
  examples: ["tokens revoke tok_0f8e…"],
  run: async ({ args: [tokenId = ""], values, out }) => {
    const token = await withClient(values, (client) => client.tokens.revoke({ tokenId }));
    out.result(token, ({ name }) => `The token "${name}" is revoked.`);
  },
};
