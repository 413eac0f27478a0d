import { userInfo } from "node:os";

/** Returns the name of the user who runs this command. Informative only; nothing verifies it. */
export function nameOperator(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
