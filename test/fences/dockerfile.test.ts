import { expect, test } from "vitest";
import { isThere, listFiles, type Manifest, readManifest, readText } from "../support/repository.ts";

type Instruction = { readonly name: string; readonly rest: string };

test("the image is built from what is there, with the versions of package.json, and runs as nobody special", () => {
  const text = readText("Dockerfile");
  expect(findFaults(text)).toEqual([]);
  expect(parseDockerfile(text).length).toBeGreaterThan(15);
});

test.each([
  [
    "another Node",
    "FROM node:24-bookworm-slim\n",
    "FROM node:22-bookworm-slim\n",
    "node:22-bookworm-slim is not Node 24",
  ],
  [
    "a Node of any version",
    "FROM node:24-bookworm-slim\n",
    "FROM node:latest\n",
    "node:latest is not Node 24",
  ],
  ["another pnpm", /pnpm@\S+/, "pnpm@11.0.0", "pnpm@11.0.0 is not packageManager"],
  ["root", "USER 1000:1000\n", "", "root is no number of a user without rights"],
  ["root at last", "USER 1000:1000\n", "USER 1000:1000\nUSER 0\n", "0 is no number of a user without rights"],
  ["a user by name", "1000:1000", "node", "node is no number of a user without rights"],
  [
    "files of the user's",
    "COPY --from=production",
    "COPY --chown=1000 --from=production",
    "can change its code",
  ],
  ["no init", /ENTRYPOINT.*\n/, "", "no init"],
  ["an init that is not there", / tini /, " ", "tini is not installed"],
  ["no health check", /HEALTHCHECK.*\\\n/, "LABEL a=", "no HEALTHCHECK"],
  [
    "a health check switched off",
    'CMD ["node", "apps',
    'HEALTHCHECK NONE\nCMD ["node", "apps',
    "no HEALTHCHECK",
  ],
  ["another stop signal", "STOPSIGNAL SIGTERM", "STOPSIGNAL SIGKILL", "no STOPSIGNAL SIGTERM"],
  ["a copy of nothing", "COPY . .", "COPY . .\nCOPY gone.json ./", "gone.json does not exist"],
  ["a copy from nowhere", "COPY --from=production", "COPY --from=prod", "there is no stage prod"],
  ["an unknown package", "@bulk/worker...", "@bulk/walker...", "@bulk/walker... is no package"],
  [
    "a command without its file",
    "apps/api/src/main.ts",
    "apps/api/main.ts",
    "apps/api/main.ts does not exist",
  ],
  ["a development image", "NODE_ENV=production", "NODE_ENV=development", "no ENV NODE_ENV=production"],
])("%s is noticed", (_fault, part, replacement, expected) => {
  const text = readText("Dockerfile");
  const changed = text.replace(part, replacement);
  expect(changed).not.toBe(text);
  expect(findFaults(changed)).toContain(expected);
});

test("the build sees only what it needs, never a secret, data or what is installed here", () => {
  expect(findIgnoreFaults(readText(".dockerignore"))).toEqual([]);
  expect(listWanted(readText(".dockerignore")).length).toBeGreaterThan(4);
});

test("a build that sees too much or too little is noticed", () => {
  const text = readText(".dockerignore");
  expect(findIgnoreFaults(text.replace("\n*\n", "\n"))).toContain("everything is let in");
  expect(findIgnoreFaults(`${text}!.env\n`)).toContain(".env is let in");
  expect(findIgnoreFaults(`${text}!gone\n`)).toContain("gone does not exist");
  expect(findIgnoreFaults(text.replace("!prisma\n", ""))).toContain("prisma is kept out");
  expect(findIgnoreFaults(text.replace("**/node_modules\n", ""))).toContain("**/node_modules is let in");
});

function findFaults(text: string): readonly string[] {
  const instructions = parseDockerfile(text);
  const ofFinalStage = instructions.slice(instructions.findLastIndex(({ name }) => name === "FROM"));
  return [
    ...findVersionFaults(instructions, readManifest()),
    ...findCopyFaults(instructions),
    ...findFilterFaults(text),
    ...findRunFaults(ofFinalStage),
  ];
}

function parseDockerfile(text: string): readonly Instruction[] {
  return text
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .flatMap((line) => {
      const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      return name === undefined || rest === undefined ? [] : [{ name, rest }];
    });
}

function findVersionFaults(instructions: readonly Instruction[], manifest: Manifest): readonly string[] {
  const [major] = (manifest.devDependencies?.["node"] ?? "").split(".");
  const pnpms = instructions.flatMap(({ rest }) => rest.match(/pnpm@\S+/g) ?? []);
  const stages = listStages(instructions);
  return [
    ...ofName(instructions, "FROM")
      .map((rest) => rest.split(" ")[0] ?? "")
      .filter((image) => !stages.includes(image) && !image.startsWith(`node:${major}-`))
      .map((image) => `${image} is not Node ${major}`),
    ...(pnpms.length === 0 ? ["no pnpm"] : []),
    ...pnpms
      .filter((pnpm) => pnpm !== manifest.packageManager)
      .map((pnpm) => `${pnpm} is not packageManager`),
  ];
}

function findCopyFaults(instructions: readonly Instruction[]): readonly string[] {
  const stages = listStages(instructions);
  return ofName(instructions, "COPY").flatMap((rest) => {
    const words = rest.split(" ");
    const [stage] = words.flatMap((word) => /^--from=(.+)$/.exec(word)?.[1] ?? []);
    if (stage !== undefined) return stages.includes(stage) ? [] : [`there is no stage ${stage}`];
    return words
      .slice(0, -1)
      .filter((source) => !isThere(source))
      .map((source) => `${source} does not exist`);
  });
}

function findFilterFaults(text: string): readonly string[] {
  const names = listFiles("package.json", "{apps,packages}/*/package.json").map(
    (path) => readManifest(path).name,
  );
  const filters = [...text.matchAll(/--filter (\S+)/g)].flatMap(([, filter]) => filter ?? []);
  return filters
    .filter((filter) => !names.includes(filter.replace(/\.\.\.$/, "")))
    .map((filter) => `${filter} is no package`);
}

function findRunFaults(instructions: readonly Instruction[]): readonly string[] {
  const user = ofName(instructions, "USER").at(-1) ?? "root";
  const health = ofName(instructions, "HEALTHCHECK").at(-1) ?? "NONE";
  const [file = ""] = /[^"]+\.ts/.exec(ofName(instructions, "CMD").at(-1) ?? "") ?? [];
  return [
    ...(/^[1-9]\d*(:[1-9]\d*)?$/.test(user) ? [] : [`${user} is no number of a user without rights`]),
    ...(ofName(instructions, "COPY").some((rest) => rest.includes("--chown")) ? ["can change its code"] : []),
    ...findInitFaults(instructions),
    ...(health === "NONE" ? ["no HEALTHCHECK"] : []),
    ...(ofName(instructions, "STOPSIGNAL").includes("SIGTERM") ? [] : ["no STOPSIGNAL SIGTERM"]),
    ...(ofName(instructions, "ENV").some((rest) => /\bNODE_ENV=production\b/.test(rest))
      ? []
      : ["no ENV NODE_ENV=production"]),
    ...(file !== "" && isThere(file) ? [] : [`${file} does not exist`]),
  ];
}

// Docker, compose and Kubernetes alike start the image with it.
function findInitFaults(instructions: readonly Instruction[]): readonly string[] {
  const isInstalled = ofName(instructions, "RUN").some((rest) => /apt-get install .*\btini\b/.test(rest));
  return [
    ...(ofName(instructions, "ENTRYPOINT").at(-1)?.startsWith('["/usr/bin/tini",') ? [] : ["no init"]),
    ...(isInstalled ? [] : ["tini is not installed"]),
  ];
}

function ofName(instructions: readonly Instruction[], wanted: string): readonly string[] {
  return instructions.filter(({ name }) => name === wanted).map(({ rest }) => rest);
}

function listStages(instructions: readonly Instruction[]): readonly string[] {
  return ofName(instructions, "FROM").flatMap((rest) => / AS (.+)$/.exec(rest)?.[1] ?? []);
}

const NEEDED = [
  "package.json",
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  "prisma.config.ts",
  "prisma",
  "apps",
  "packages",
];
const FORBIDDEN = ["**/node_modules", "packages/store/src/generated"];

function findIgnoreFaults(text: string): readonly string[] {
  const [first, ...rules] = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const wanted = listWanted(text);
  return [
    ...(first === "*" ? [] : ["everything is let in"]),
    ...NEEDED.filter((path) => !wanted.includes(path)).map((path) => `${path} is kept out`),
    ...wanted.filter((path) => !NEEDED.includes(path)).map((path) => `${path} is let in`),
    ...wanted.filter((path) => !isThere(path)).map((path) => `${path} does not exist`),
    ...FORBIDDEN.filter((pattern) => !rules.includes(pattern)).map((pattern) => `${pattern} is let in`),
  ];
}

function listWanted(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
}
