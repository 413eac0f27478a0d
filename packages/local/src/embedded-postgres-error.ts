/** The embedded server cannot be used as asked; the message says what to do next. */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
}
