import { randomBytes } from "node:crypto";
import { digestPassword } from "@bulk/service/password-digest";
import { type Command, Option } from "commander";
import { type OutputOptions, print } from "../output/print.ts";

/** `pnpm admin dashboard-password` */
export function addDashboardPasswordCommand(program: Command): void {
  program
    .command("dashboard-password <name>")
    .description("generate a password for a dashboard user, and the entry for DASHBOARD_USERS")
    .addOption(
      new Option("--role <role>", "what the user may do").choices(["viewer", "operator"]).default("viewer"),
    )
    .option("--json", "print JSON")
    .action(async (name: string, { role, ...options }: OutputOptions & { readonly role: string }) => {
      const password = randomBytes(15).toString("base64url");
      const user = `${name}:${role}:${await digestPassword(password)}`;
      print(options, { password, user }, [
        `Password         ${password}   (shown once)`,
        `DASHBOARD_USERS  ${user}`,
        "Several users are separated by commas. The API reads the variable when it starts.",
      ]);
    });
}
