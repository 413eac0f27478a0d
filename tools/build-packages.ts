import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandLine } from "@bulk/service/process/command-line";

commandLine({
  name: "pnpm build:packages",
  description:
    "Builds the packages that are published, client and command line, into dist/: plain JavaScript with types. " +
    "npm pack ./dist/client packs one.",
  variables: {},
  example: "pnpm build:packages",
}).parse();

const ROOT = fileURLToPath(new URL("..", import.meta.url));

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
};

build("client");
build("cli");

function build(folder: string): void {
  const source = join(ROOT, "packages", folder);
  const target = join(ROOT, "dist", folder);
  rmSync(target, { recursive: true, force: true });
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: source, stdio: "inherit" });
  copyFileSync(join(source, "README.md"), join(target, "README.md"));
  copyFileSync(join(ROOT, "LICENSE"), join(target, "LICENSE"));
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  writeFileSync(join(target, "package.json"), `${JSON.stringify(publish(manifest), undefined, 2)}\n`);
}

/** Returns the manifest of the built package. In the workspace it names the sources, and must not be published. */
function publish({ private: _, devDependencies: __, exports, bin, dependencies, ...rest }: Manifest) {
  return {
    ...rest,
    files: ["lib"],
    ...(exports && {
      exports: mapValues(exports, (path) => ({ types: built(path, ".d.ts"), default: built(path, ".js") })),
    }),
    ...(bin && { bin: mapValues(bin, (path) => built(path, ".js")) }),
    ...(dependencies && {
      dependencies: mapValues(dependencies, (version) =>
        version === "workspace:*" ? rest.version : version,
      ),
    }),
  };
}

function built(path: string, extension: string): string {
  return path.replace("./src/", "./lib/").replace(/\.ts$/, extension);
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
