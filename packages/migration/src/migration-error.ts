/** The database cannot be migrated. The message says what to do, and never contains a password. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  /** The message in two parts, if they are known separately. */
  readonly diagnosis: Diagnosis | undefined;

  constructor(reason: string | Diagnosis, options?: ErrorOptions) {
    super(typeof reason === "string" ? reason : `${reason.found} ${reason.cure}`, options);
    this.diagnosis = typeof reason === "string" ? undefined : reason;
  }
}

/** What is wrong and how to fix it, in whole sentences without passwords. */
export type Diagnosis = { readonly found: string; readonly cure: string };
