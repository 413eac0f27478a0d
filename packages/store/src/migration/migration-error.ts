/** The database cannot be migrated until somebody does what the message says. It never holds a password. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}
