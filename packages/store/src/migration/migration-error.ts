/** The database cannot be migrated until somebody does what the message says. It never holds a password. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  /** The message in two, where its writer told the trouble from what to do about it. */
  readonly diagnosis: Diagnosis | undefined;

  constructor(reason: string | Diagnosis, options?: ErrorOptions) {
    super(typeof reason === "string" ? reason : `${reason.found} ${reason.cure}`, options);
    this.diagnosis = typeof reason === "string" ? undefined : reason;
  }
}

/** What is wrong, and what to do about it; whole sentences, without passwords. */
export type Diagnosis = { readonly found: string; readonly cure: string };
