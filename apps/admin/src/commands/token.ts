import { RequestError } from "@bulk/domain/errors/request-error";
import { ALL_SCOPES, type Scope } from "@bulk/domain/scope";
import { revokeToken } from "@bulk/store/accounts/api-tokens";
import { mintReplacement, mintToken } from "@bulk/store/accounts/mint-token";
import { type ListedToken, listTokens } from "@bulk/store/accounts/token-list";
import { type Command, Option } from "commander";
import { findAccountId, loadAccount } from "../options/find-account.ts";
import { parseDuration, parseId, parseLimit, parseName } from "../options/parse-option.ts";
import { alignColumns, showMoment } from "../output/lines.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin token …` */
export function addTokenCommands(program: Command): void {
  const token = program.command("token").description("manage tokens: the bearer secrets of callers");
  token
    .command("create")
    .description("create a token and print its secret, which is not shown again")
    .requiredOption("--account <account>", "its account, by name or id")
    .option("--name <name>", "a name to recognize it by", parseName, "admin")
    .addOption(new Option("--scope <scopes...>", "what it allows; default: everything").choices(ALL_SCOPES))
    .option("--expires-in <duration>", "when it expires, such as 30d; default: never", parseDuration)
    .option("--json", "print JSON")
    .action(create);
  token
    .command("list")
    .description("list tokens, newest first, without their secrets")
    .option("--account <account>", "only of this account, by name or id")
    .option("--limit <number>", "how many to list", parseLimit, 100)
    .option("--json", "print JSON")
    .action(list);
  token
    .command("revoke")
    .description("revoke a token; every API refuses it within two seconds")
    .argument("<id>", "an id from pnpm admin token list", parseId)
    .option("--json", "print JSON")
    .action(revoke);
  token
    .command("rotate")
    .description(
      "replace a token: create one with the same account, name and scopes, print its secret, and end the old one",
    )
    .argument("<id>", "an id from pnpm admin token list", parseId)
    .option(
      "--grace <duration>",
      "how long the old one stays valid, such as 1h; default: it ends at once",
      parseDuration,
    )
    .option(
      "--expires-in <duration>",
      "when the new one expires; default: the lifetime of the old one",
      parseDuration,
    )
    .option("--json", "print JSON")
    .action(rotate);
}

type CreateOptions = OutputOptions & {
  readonly account: string;
  readonly name: string;
  readonly scope?: readonly Scope[];
  readonly expiresIn?: number;
};

async function create({ account, name, scope, expiresIn, ...options }: CreateOptions): Promise<void> {
  const expiresAt = expiresIn === undefined ? undefined : new Date(Date.now() + expiresIn);
  const minted = await withSession(async ({ database }) => {
    const { id: accountId } = await loadAccount(database, account);
    return await mintToken(database, { accountId, name, scopes: scope ?? ALL_SCOPES, expiresAt });
  });
  print(options, { ...minted, expiresAt: expiresAt ?? null }, [
    minted.secret,
    `This is the secret of the token ${minted.id}; it is not shown again. ${tellExpiry(expiresAt ?? null)}`,
  ]);
}

function tellExpiry(expiresAt: Date | null): string {
  return expiresAt === null ? "It does not expire." : `It expires at ${showMoment(expiresAt)}.`;
}

type ListOptions = OutputOptions & { readonly account?: string; readonly limit: number };

async function list({ account, limit, ...options }: ListOptions): Promise<void> {
  const tokens = await withSession(async ({ database }) =>
    listTokens(database, { accountId: await findAccountId(database, account), limit }),
  );
  const now = new Date();
  const rows = tokens.map((token) => [
    token.id,
    token.accountName,
    token.name,
    token.prefix ?? "-",
    stateOf(token, now),
    ...[token.createdAt, token.expiresAt, token.lastUsedAt].map(showMoment),
    token.scopes.join(" "),
  ]);
  const head = ["id", "account", "name", "begins with", "state", "created", "expires", "last used", "scopes"];
  print(options, tokens, alignColumns([head, ...rows]));
}

function stateOf({ revokedAt, expiresAt }: ListedToken, now: Date): string {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= now ? "expired" : "valid";
}

async function revoke(id: string, options: OutputOptions): Promise<void> {
  const revokedAt = await withSession(({ database }) => revokeToken(database, id, new Date()));
  if (revokedAt === undefined) throw noSuchToken();
  print(options, { id, revokedAt }, [`The token ${id} is revoked since ${showMoment(revokedAt)}.`]);
}

type RotateOptions = OutputOptions & { readonly grace?: number; readonly expiresIn?: number };

async function rotate(id: string, { grace = 0, expiresIn, ...options }: RotateOptions): Promise<void> {
  const now = new Date();
  const expiresAt = expiresIn === undefined ? undefined : new Date(now.getTime() + expiresIn);
  const replacement = await withSession(({ database }) =>
    mintReplacement(database, { id, now, graceMs: grace, expiresAt }),
  );
  if (replacement.kind === "not_found") throw noSuchToken();
  if (replacement.kind === "ended") {
    const message = "This token has already ended. Create a new one with pnpm admin token create.";
    throw new RequestError("conflict", "token.ended", message);
  }
  const { kind: _, ...result } = replacement;
  print(options, result, [
    result.secret,
    `This is the secret of the token ${result.id}; it is not shown again. ${tellExpiry(result.expiresAt)}`,
    `The token ${id} ends at ${showMoment(result.oldEndsAt)}.`,
  ]);
}

function noSuchToken(): RequestError {
  const message = "There is no token with this id. pnpm admin token list shows all.";
  return new RequestError("not_found", "token.not_found", message);
}
