import { PASSWORD_DIGEST } from "@bulk/service/password-digest";
import { z } from "zod";

/** A user of the dashboard. */
export type DashboardUser = {
  readonly name: string;
  /** A viewer has read-only access; an operator may also change jobs. */
  readonly role: "viewer" | "operator";
};

export type DashboardAccount = DashboardUser & {
  /** The digest of the password (`@bulk/service/password-digest`). */
  readonly digest: string;
};

/** Returns the schema of `DASHBOARD_USERS`: `name:role:digest`, separated by commas. */
export function dashboardUsers() {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => account.safeParse(part.trim().split(":")).data))
    .refine((accounts) => !accounts.includes(undefined), MESSAGE)
    .transform((accounts) => accounts.filter((one) => one !== undefined))
    .refine((accounts) => new Set(accounts.map(({ name }) => name)).size === accounts.length, {
      message: "must name each user once",
    });
}

const MESSAGE =
  "must be a list of name:viewer:digest or name:operator:digest, as pnpm admin dashboard-password prints them";

const account = z
  .tuple([
    z.string().regex(/^[\w.@-]{1,64}$/),
    z.enum(["viewer", "operator"]),
    z.string().regex(PASSWORD_DIGEST),
  ])
  .transform(([name, role, digest]): DashboardAccount => ({ name, role, digest }));
