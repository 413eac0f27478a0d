import { userInfo } from "node:os";

/** Who runs this command, as far as the machine knows; for people to read, not a proof. */
export function nameOperator(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no name.
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
