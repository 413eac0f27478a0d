import { basename } from "node:path";
import { expect, test } from "vitest";
import { listFiles, type Manifest, readManifest, readText } from "../support/repository.ts";

const MANIFESTS = ["package.json", "{apps,packages}/*/package.json", "{test,tools}/package.json"];

type Files<Content> = Readonly<Record<string, Content>>;

test("every package is private, MIT, a module, and names its dependencies exactly and alike", () => {
  const manifests = read(readManifest, ...MANIFESTS);
  expect(findManifestFaults(manifests)).toEqual([]);
  expect(Object.keys(manifests).length).toBeGreaterThan(6);
  expect(listDependencies(manifests).length).toBeGreaterThan(30);
});

const SOUND: Manifest = { private: true, license: "MIT", type: "module" };

test.each<[string, Manifest, string]>([
  ["a public package", { ...SOUND, private: false }, "b: not private"],
  ["another licence", { ...SOUND, license: "ISC" }, "b: license is not MIT"],
  ["a package of CommonJS", { ...SOUND, type: "commonjs" }, "b: type is not module"],
  ["a range", { ...SOUND, dependencies: { pg: "^8.23.1" } }, "b: pg ^8.23.1 is not exact"],
  ["a tag", { ...SOUND, devDependencies: { pg: "latest" } }, "b: pg latest is not exact"],
  ["a second version", { ...SOUND, optionalDependencies: { pg: "8.0.0" } }, "pg: 8.23.1, 8.0.0"],
  ["a family apart", { ...SOUND, dependencies: { "@prisma/client": "7.9.0" } }, "prisma: 7.10.0, 7.9.0"],
  [
    "an engine of another release",
    { ...SOUND, dependencies: { "@prisma/schema-engine-wasm": "7.9.0-1.0a" } },
    "prisma: 7.10.0, 7.9.0",
  ],
  ["an alias of no version", { ...SOUND, dependencies: { ts: "npm:pg" } }, "b: pg undefined is not exact"],
  ["an alias of a second version", { ...SOUND, dependencies: { old: "npm:pg@8.0.0" } }, "pg: 8.23.1, 8.0.0"],
  ["two boards", { ...SOUND, dependencies: { "@bull-board/ui": "9.0.0" } }, "@bull-board: 9.10.1, 9.0.0"],
])("%s is noticed", (_fault, manifest, expected) => {
  const sound: Manifest = {
    ...SOUND,
    dependencies: { "@bulk/domain": "workspace:*", pg: "8.23.1", "@bull-board/api": "9.10.1" },
    devDependencies: { prisma: "7.10.0" },
  };
  expect(findManifestFaults({ a: sound })).toEqual([]);
  expect(findManifestFaults({ a: sound, b: manifest })).toContain(expected);
});

test("no file is called index.ts, and none re-exports everything of another", () => {
  const sources = read(readText, "*.ts", "{apps,packages,test}/**/*.ts");
  expect(findBarrels(sources)).toEqual([]);
  expect(Object.keys(sources).length).toBeGreaterThan(250);
});

test("a barrel is noticed", () => {
  const star = "export *";
  const sources = {
    "src/index.ts": "",
    "src/all.ts": `import a from "a";\n${star} from "./one.ts";`,
    "src/named.ts": `${star} as one from "./one.ts";`,
    "src/sound.ts": "export function one() {}",
  };
  expect(findBarrels(sources)).toEqual(["src/index.ts", "src/all.ts", "src/named.ts"]);
});

test("pnpm has one version, wherever it is named", () => {
  const entries = "{apps,packages}/*/src/*.js";
  const files = read(readText, "package.json", "Dockerfile", ".ci/run", "*.md", "docs/**/*.md", entries);
  expect(listPnpmVersions(files)).toHaveLength(1);
  expect(listPnpmVersions({ ...files, "old.md": "npx -y pnpm@1.2.3 test" })).toHaveLength(2);
});

test("there is one version, and the changelog's newest release is it", () => {
  const manifests = read(readManifest, ...MANIFESTS);
  const versions = new Set(Object.values(manifests).map((manifest) => manifest.version));
  const [, newest] = /^## (?!Unreleased$)(\S+)$/m.exec(readText("CHANGELOG.md")) ?? [];
  expect([...versions]).toEqual([newest]);
});

test("pnpm compares engines with the Node that the scripts run on, so a newcomer's older one makes no warnings", () => {
  const [, version] = /^nodeVersion: (.*)$/m.exec(readText("pnpm-workspace.yaml")) ?? [];
  expect(version).toBe(readManifest().devDependencies?.["node"]);
});

function read<Content>(readOne: (path: string) => Content, ...patterns: readonly string[]): Files<Content> {
  return Object.fromEntries(listFiles(...patterns).map((path) => [path, readOne(path)]));
}

function findManifestFaults(manifests: Files<Manifest>): readonly string[] {
  const dependencies = listDependencies(manifests);
  return [
    ...Object.entries(manifests).flatMap(([path, { private: isPrivate, license, type }]) => [
      ...(isPrivate === true ? [] : [`${path}: not private`]),
      ...(license === "MIT" ? [] : [`${path}: license is not MIT`]),
      ...(type === "module" ? [] : [`${path}: type is not module`]),
    ]),
    ...dependencies
      .filter(({ version }) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))
      .map(({ path, name, version }) => `${path}: ${name} ${version} is not exact`),
    ...findSplits(dependencies),
    ...findSplits(dependencies.flatMap(asFamily)),
  ];
}

type Dependency = { readonly path: string; readonly name: string; readonly version: string };

/** What the packages ask for from outside. */
function listDependencies(manifests: Files<Manifest>): readonly Dependency[] {
  return Object.entries(manifests)
    .flatMap(([path, manifest]) =>
      [
        manifest.dependencies,
        manifest.devDependencies,
        manifest.optionalDependencies,
        manifest.peerDependencies,
      ].flatMap((group) =>
        Object.entries(group ?? {}).map(([name, version]) => ({ path, ...resolve(name, version) })),
      ),
    )
    .filter(({ version }) => version !== "workspace:*");
}

/** An alias is a dependency on what it leads to. */
function resolve(name: string, version: string): Omit<Dependency, "path"> {
  const [, target = name, exact = "undefined"] = /^npm:(@?[^@]+)@?(.*)$/.exec(version) ?? [
    undefined,
    name,
    version,
  ];
  return { name: target, version: exact || "undefined" };
}

function findSplits(dependencies: readonly Dependency[]): readonly string[] {
  const byName = Map.groupBy(dependencies, ({ name }) => name);
  return [...byName].flatMap(([name, uses]) => {
    const versions = [...new Set(uses.map(({ version }) => version))];
    return versions.length === 1 ? [] : [`${name}: ${versions.join(", ")}`];
  });
}

/** Packages that are released together, under one name. */
function asFamily(dependency: Dependency): readonly Dependency[] {
  const { name, version } = dependency;
  if (name.startsWith("@bull-board/")) return [{ ...dependency, name: "@bull-board" }];
  if (name !== "prisma" && !name.startsWith("@prisma/")) return [];
  // The engine's version is the release it belongs to, a dash, and its own.
  return [{ ...dependency, name: "prisma", version: version.replace(/-.*$/, "") }];
}

function findBarrels(sources: Files<string>): readonly string[] {
  return Object.entries(sources)
    .filter(([path, text]) => basename(path) === "index.ts" || /^export \*/m.test(text))
    .map(([path]) => path);
}

function listPnpmVersions(files: Files<string>): readonly string[] {
  const versions = Object.values(files).flatMap((text) => text.match(/\bpnpm@\d+(\.\d+)*/g) ?? []);
  return [...new Set(versions)];
}
