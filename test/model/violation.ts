/** The service did what the model does not allow. */
export class Violation extends Error {
  override readonly name = "Violation";
}
