import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { holdAll, isAtLeast, namesFile } from "../support/hold-all.ts";
import {
  findVariableFaults,
  OURS,
  type Ours,
  readFiles,
  SECRETS,
  type Variables,
} from "../support/own-services.ts";
import { readText } from "../support/repository.ts";

type Service = {
  readonly environment?: Variables;
  readonly secrets?: readonly string[];
  readonly depends_on?: object;
};

type Services = Readonly<Record<string, Service>>;

const compose = parse(readText("docker-compose.yml"), { merge: true }) as {
  readonly services: Services;
  readonly secrets: object;
};
const ENGINES = "postgres|valkey";
const OWN = "migrate|sample-shop|grants|api|worker";
const ALL = `${ENGINES}|${OWN}`;
const LASTING = "api|worker";
const EXITED = "service_completed_successfully";
const SERVICE_SECRETS = ["service-database-url", "redis-url", "webhook-secret-key"];

// dclint ships the schema of the compose specification as a file. The schema names its own schema by an address that ajv
// does not know, and its formats are those of a library in Go.
const schema = new URL("../schemas/compose.schema.json", import.meta.resolve("dclint"));
const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false });
const matchesSchema = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));

holdAll(compose.services, [
  [
    "the compose specification allows every field and value",
    findSchemaFaults,
    { "api.read_olny": true, "worker.ports": 3000 },
  ],
  [
    "every service has rows in this table",
    (services) => Object.keys(services).filter((name) => !ALL.includes(name)),
    { other: {} },
  ],
  [
    "third-party images are pinned to a version",
    `${ENGINES}.image`,
    /:\d+(\.\d+)*(-[a-z0-9]+)*$/,
    "a:latest",
    "a/b",
  ],
  ["our image is built from this tree", `${OWN}.build`, "."],
  ["long-running services have a health check", `${ENGINES}|api|worker.healthcheck.test`, /CMD/],
  ["the API has an ops port", "api.environment.OPS_PORT", "3001"],
  ["the API's probe asks its ops port", "api.healthcheck.test", /127\.0\.0\.1:3001\/health\//, ["CMD"]],
  ["a worker has an ops port", "worker.environment.WORKER_OPS_PORT", "3002"],
  ["a worker's probe asks its ops port", "worker.healthcheck.test", /127\.0\.0\.1:3002\/health\//],
  // PostgreSQL's image writes to its own.
  ["the root file system is read-only", `${OWN}|valkey.read_only`, true],
  // The engines' images begin as root, to own their volumes, and drop all rights then.
  ["our processes have no capabilities", `${OWN}.cap_drop`, ["ALL"]],
  ["no process gains privileges", `${ALL}.security_opt`, ["no-new-privileges:true"]],
  ["processors, memory and processes have limits", `${ALL}.deploy.resources.limits.cpus|memory|pids`, /./],
  ["the password of PostgreSQL is in a file", `${ENGINES}.environment.POSTGRES_PASSWORD`, undefined],
  ["URLs and keys are in files", `${OWN}.environment.${Object.keys(SECRETS).join("|")}`, undefined],
  [
    "no secret has a default",
    (services) => JSON.stringify(services).match(/\$\{\w*(PASSWORD|SECRET|TOKEN)\w*:?-[^}]/g) ?? [],
    { "api.environment.OTEL_EXPORTER_OTLP_HEADERS": `authorization=\${P_PASSWORD:-x}` },
  ],
  [
    "a service has the secrets that it reads, and they exist",
    findMissingSecrets,
    {
      "worker.environment.REDIS_URL_FILE": "/run/secrets/redis",
      "valkey.secrets": [],
      "migrate.secrets.1": "key",
    },
  ],
  ["API and workers have no secret of the owner", `${LASTING}.secrets`, SERVICE_SECRETS],
  ["only the API publishes ports", `${ENGINES}|migrate|sample-shop|grants|worker.ports`, undefined],
  ["the API publishes its ports on loopback", "api.ports.0|1", /^127\.0\.0\.1:/, "3001:3001"],
  ["the API publishes two ports", "api.ports.2", undefined],
  ["workers can be scaled", "worker.container_name", undefined],
  ["rights are granted when all tables exist", "grants.depends_on.migrate|sample-shop.condition", EXITED],
  ["API and workers start after the grants", `${LASTING}.depends_on.grants.condition`, EXITED],
  [
    "every service waits for services that exist",
    (services) =>
      Object.values(services)
        .flatMap(({ depends_on = {} }) => Object.keys(depends_on))
        .filter((name) => !(name in services)),
    { "migrate.depends_on.postgre": { condition: "service_healthy" } },
  ],
  [
    "our commands run files that exist",
    `${OWN}.command`,
    namesFile(/^node (\S+\.ts)/),
    "node up.ts",
    "pnpm up",
  ],
  [
    "the script of the roles exists",
    "postgres.volumes.1",
    namesFile(/^\.\/([^:]+):/),
    "./roles.sh:/roles.sh",
  ],
  [
    "our processes know and accept their variables",
    (services) => findOwnFaults(services, findVariableFaults),
    {
      "worker.environment.TURN": "1",
      "api.environment.PORT": "http",
      "worker.environment.SHUTDOWN_MS": `\${S:-soon}`,
    },
  ],
  [
    "a variable in .env reaches whoever reads it",
    (services) => findOwnFaults(services, findUnread),
    { "worker.environment.TURN_MS": undefined, "migrate.environment.DATABASE_URL_FILE": undefined },
  ],
  ["workers stop within 20 seconds", "worker.environment.SHUTDOWN_MS", "20000"],
  ["workers get 5 seconds more", "worker.stop_grace_period", isAtLeast(25), "20s"],
  ["the API gets 5 seconds more than its requests' 10", "api.stop_grace_period", isAtLeast(15), "14s"],
  ["the queue evicts nothing", "valkey.command", / --maxmemory-policy noeviction( |$)/],
  ["the queue survives a restart", "valkey.command", / --appendonly yes( |$)/],
  ["the queue has a password", "valkey.command", /^valkey-server \/run\/secrets\/valkey-conf /],
  // Since version 18 the image declares this one as its volume and keeps a folder per version in it.
  ["PostgreSQL's files are on its volume", "postgres.volumes.0", "postgres:/var/lib/postgresql"],
]);

/** What the schema of the compose specification refuses. */
function findSchemaFaults(services: Services): readonly string[] {
  matchesSchema({ ...compose, services });
  return (matchesSchema.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

function findMissingSecrets(services: Services): readonly string[] {
  return Object.values(services).flatMap((service) => {
    const { secrets = [] } = service;
    const read = JSON.stringify(service).match(/(?<=\/run\/secrets\/)[\w-]+/g) ?? [];
    return [
      ...read.filter((name) => !secrets.includes(name)),
      ...secrets.filter((name) => !(name in compose.secrets)),
    ];
  });
}

type FindFaults = (environment: Variables, name: Ours) => readonly string[];

function findOwnFaults(services: Services, findFaults: FindFaults): readonly string[] {
  return (["api", "worker", "migrate"] as const).flatMap((name) => {
    const given = Object.entries(services[name]?.environment ?? {});
    // What compose makes of them when nothing is set.
    const values = given.map(([variable, value]) => [
      variable,
      value.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1"),
    ]);
    return findFaults(Object.fromEntries(values), name);
  });
}

function findUnread(environment: Variables, name: Ours): readonly string[] {
  const known = Object.keys(OURS[name].schema.shape);
  // The migration only has to find the engines.
  const read = name === "migrate" ? known.filter((one) => /^DATABASE_URL$|^REDIS_/.test(one)) : known;
  return read.filter((variable) => !(variable in readFiles(environment)));
}
