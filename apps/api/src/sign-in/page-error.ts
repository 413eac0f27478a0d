/** An answer of the operators' pages that is no page: its status, and what to say. */
export class PageError extends Error {
  override readonly name = "PageError";
  readonly status: 403 | 404 | 409 | 422 | 503;

  constructor(status: PageError["status"], message: string) {
    super(message);
    this.status = status;
  }
}
