import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The first program on the PATH that has one of these names. */
export async function findProgram(...names: readonly string[]): Promise<string | undefined> {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    for (const name of names) {
      const program = join(directory, name);
      const isThere = await access(program, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return program;
    }
  }
  return undefined;
}
