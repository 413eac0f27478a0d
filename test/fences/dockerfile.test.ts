import dockerignore from "@balena/dockerignore";
import { Copy, DockerfileParser, From } from "dockerfile-ast";
import { holdAll, listDifferences, namesFile } from "../support/hold-all.ts";
import { listFiles, readManifest, readText } from "../support/repository.ts";

/** The arguments of each stage's instructions, by keyword; those of one keyword are lines of one text. */
type Stages = Readonly<Record<string, Readonly<Record<string, string>>>>;

const { packageManager, devDependencies } = readManifest();
const NODE = new RegExp(`^node:${devDependencies?.["node"]?.split(".")[0]}-\\S+( AS source)?$`);
const GENERATED = "packages/store/src/generated";
const CONTEXT =
  `.env.example apps package.json packages pnpm-lock.yaml pnpm-workspace.yaml prisma prisma.config.ts`.split(
    " ",
  );
const PRIVATE =
  `.env .data/postgres/PG_VERSION secrets/redis-url ${GENERATED}/client.ts node_modules/pg/package.json
  apps/api/node_modules/pg/package.json`.split(/\s+/);

holdAll(readStages(), [
  [
    "the images are of Node in package.json",
    "source|final.FROM",
    NODE,
    "node:22-bookworm-slim",
    "node:latest",
  ],
  ["what is built begins with the sources", "generated|production.FROM", /^source AS /, "node AS source"],
  ["pnpm has the version of package.json", "source.RUN", `npm install --global ${packageManager}`],
  ["the sources are what .dockerignore lets in", "source.COPY", ". ."],
  [
    "pnpm installs packages that exist",
    findUnknownPackages,
    { "production.RUN": "pnpm --filter @bulk/walker...", "generated.RUN": "pnpm --filter @bulk/shop" },
  ],
  [
    "dependencies are those of production",
    "production.RUN",
    /^pnpm install --frozen-lockfile --prod /m,
    "pnpm install",
  ],
  [
    "Prisma's client is the generated one",
    "production.COPY",
    `--from=generated /app/${GENERATED} ${GENERATED}`,
  ],
  ["root has the files, so the process cannot change them", "final.COPY", "--from=production /app ./"],
  ["the process is a user without rights, by number", "final.USER", "1000:1000"],
  ["an init is there", "final.RUN", /apt-get install [^\n]*\btini\b/, "apt-get install --yes curl"],
  ["the init starts the process", "final.ENTRYPOINT", '["/usr/bin/tini", "--"]'],
  [
    "the process runs a file that exists",
    "final.CMD",
    namesFile(/^\["node", "(\S+\.ts)"\]$/),
    '["node", "up.ts"]',
  ],
  ["SIGTERM asks the process to stop", "final.STOPSIGNAL", "SIGTERM"],
  [
    "the container has a health check",
    "final.HEALTHCHECK",
    /^CMD .+\/health\/live.+$/,
    "CMD /health/live \nNONE",
  ],
  ["the mode is production", "final.ENV", /\bNODE_ENV=production\b/, "NODE_ENV=development"],
]);

holdAll(readText(".dockerignore"), [
  [
    "the build sees what it needs and nothing else",
    (rules) => listDifferences(listSeen(rules, listFiles("*", ".*")), CONTEXT),
    { "\n*\n": "\n", "!prisma\n": "", "!apps": "!LICENSE\n!apps" },
  ],
  [
    "the build sees no secrets, no data, nothing installed and nothing generated here",
    (rules) => listSeen(rules, PRIVATE),
    { "!apps": "!.env\n!apps", "**/node_modules\n": "", "packages/store/src/generated": "" },
  ],
]);

function readStages(): Stages {
  const stages: Record<string, Record<string, string>> = {};
  let own: Record<string, string> = {};
  for (const instruction of DockerfileParser.parse(readText("Dockerfile")).getInstructions()) {
    if (instruction instanceof From) own = stages[instruction.getBuildStage() ?? "final"] = {};
    const flags = instruction instanceof Copy ? instruction.getFlags() : [];
    const line = [...flags, ...instruction.getArguments()].join(" ");
    const keyword = instruction.getKeyword();
    own[keyword] = own[keyword] === undefined ? line : `${own[keyword]}\n${line}`;
  }
  return stages;
}

function findUnknownPackages(stages: Stages): readonly string[] {
  const names = listFiles("package.json", "{apps,packages}/*/package.json").map(
    (path) => readManifest(path).name,
  );
  const filters = JSON.stringify(stages).match(/(?<=--filter )[@\w/-]+/g) ?? [];
  return filters.filter((name) => !names.includes(name));
}

function listSeen(rules: string, paths: readonly string[]): readonly string[] {
  return dockerignore
    .default()
    .add(rules.split("\n"))
    .filter([...paths]);
}
