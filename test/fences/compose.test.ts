import { expect, test } from "vitest";
import { parse } from "yaml";
import { findVariableFaults, OURS, type Ours, readFiles, SECRETS } from "../support/own-services.ts";
import { isThere, readText } from "../support/repository.ts";

type Service = {
  readonly image?: string;
  readonly build?: string;
  readonly command?: string;
  readonly container_name?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly secrets?: readonly string[];
  readonly deploy?: { readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> } };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
};

type Services = Readonly<Record<string, Service>>;

const ONE_SHOT = ["migrate", "grants"];

const NAMES: readonly Ours[] = ["api", "worker", "migrate"];

test("docker-compose.yml keeps what the design promises", () => {
  const services = readServices();
  expect(findFaults(services)).toEqual([]);
  expect(Object.keys(services)).toEqual(["postgres", "valkey", "migrate", "grants", "api", "worker"]);
});

test.each<[string, string, Service, string]>([
  ["an image without a version", "postgres", { image: "postgres:latest" }, "postgres:latest has no version"],
  ["an image without a tag", "valkey", { image: "valkey/valkey" }, "valkey/valkey has no version"],
  ["a service without a health check", "valkey", { healthcheck: {} }, "no health check"],
  ["a health check elsewhere", "api", { healthcheck: { test: ["CMD", "true"] } }, "does not ask port 3001"],
  ["a variable nobody reads", "worker", { environment: { TURN: "1" } }, "TURN is unknown"],
  ["a value that is refused", "api", { environment: { PORT: "http" } }, "PORT: must be a whole number"],
  [
    "a default that is refused",
    "api",
    { environment: { PORT: `\${P:-http}` } },
    "PORT: must be a whole number",
  ],
  [
    "a secret with a default",
    "api",
    { environment: { OTEL_EXPORTER_OTLP_HEADERS: `authorization=\${P_PASSWORD:-x}` } },
    "has a default",
  ],
  ["a root that can be written", "worker", { read_only: false }, "can write to its root"],
  ["a service with rights", "api", { cap_drop: [] }, "has capabilities"],
  ["a service that may get rights", "valkey", { security_opt: [] }, "may get more rights"],
  [
    "a service without a limit",
    "postgres",
    { deploy: { resources: { limits: { cpus: "1", memory: "1G" } } } },
    "no limit on pids",
  ],
  [
    "a secret for all to see",
    "api",
    { environment: { DATABASE_URL_FILE: "", DATABASE_URL: "postgres://me:secret@h/d" } },
    "DATABASE_URL is no file",
  ],
  [
    "a secret that is not handed in",
    "worker",
    { secrets: ["service-database-url", "redis-url"] },
    "webhook-secret-key is not there",
  ],
  [
    "a secret nobody has",
    "migrate",
    { secrets: ["owner-database-url", "redis-url", "key"] },
    "the secret key is nowhere",
  ],
  [
    "a service as the owner",
    "worker",
    {
      secrets: ["owner-database-url", "redis-url", "webhook-secret-key"],
      environment: { DATABASE_URL_FILE: "/run/secrets/owner-database-url" },
    },
    "acts as the owner",
  ],
  ["rights before there are tables", "grants", { depends_on: {} }, "does not wait for migrate"],
  ["a command without its file", "migrate", { command: "node src/up.ts" }, "src/up.ts does not exist"],
  ["a worker with a name", "worker", { container_name: "worker" }, "cannot be scaled"],
  ["a worker with a port", "worker", { ports: ["127.0.0.1:3002:3002"] }, "cannot be scaled"],
  ["a port for everybody", "api", { ports: ["3001:3001"] }, "3001:3001 is not on loopback"],
  [
    "a queue that evicts",
    "valkey",
    { command: "/run/secrets/valkey-conf --appendonly yes --maxmemory-policy allkeys-lru" },
    "no --maxmemory-policy noeviction",
  ],
  [
    "a queue that forgets",
    "valkey",
    { command: "/run/secrets/valkey-conf --maxmemory-policy noeviction" },
    "no --appendonly yes",
  ],
  [
    "a queue without a password",
    "valkey",
    { command: "valkey-server --appendonly yes --maxmemory-policy noeviction" },
    "no /run/secrets/valkey-conf",
  ],
  [
    "a queue whose address is for all to see",
    "api",
    { environment: { REDIS_URL_FILE: "", REDIS_URL: "redis://h" } },
    "REDIS_URL is no file",
  ],
  [
    "files outside the volume",
    "postgres",
    { volumes: ["postgres:/var/lib/postgresql/data"] },
    "files outside",
  ],
  ["too little time to stop", "worker", { stop_grace_period: "20s" }, "too little time to stop"],
  ["a start before the migration", "api", { depends_on: {} }, "does not wait for grants"],
  [
    "a wait for nobody",
    "migrate",
    { depends_on: { postgre: { condition: "service_healthy" } } },
    "waits for postgre",
  ],
])("%s is noticed", (_fault, name, change, expected) => {
  const services = readServices();
  const { environment, ...rest } = change;
  const service = services[name];
  const changed = { ...service, ...rest, environment: { ...service?.environment, ...environment } };
  const [fault, ...others] = findFaults({ ...services, [name]: changed });
  expect(fault?.startsWith(`${name}: `)).toBe(true);
  expect(fault).toContain(expected);
  expect(others).toEqual([]);
});

test("a variable that is not handed on is noticed", () => {
  const services = readServices();
  const { TURN_MS, ...environment } = services["worker"]?.environment ?? {};
  const worker = { ...services["worker"], environment };
  expect(TURN_MS).toBeDefined();
  expect(findFaults({ ...services, worker })).toEqual(["worker: TURN_MS is not handed on"]);
});

type Compose = { readonly services: Services; readonly secrets: Readonly<Record<string, unknown>> };

function readCompose(): Compose {
  return parse(readText("docker-compose.yml"), { merge: true }) as Compose;
}

function readServices(): Services {
  return readCompose().services;
}

function findFaults(services: Services): readonly string[] {
  const rules = [
    ...[findImageFaults, findNetworkFaults, findRightsFaults, findRoleFaults, findSecretFaults],
    findWaitFaults,
  ];
  return [
    ...Object.entries(services).flatMap(([name, service]) =>
      rules.flatMap((rule) => rule(service, name, services)).map((fault) => `${name}: ${fault}`),
    ),
    ...NAMES.flatMap((name) => findOwnFaults(services[name] ?? {}, name).map((fault) => `${name}: ${fault}`)),
    ...findEngineFaults(services),
  ];
}

function findImageFaults({ image = "", build, healthcheck }: Service, name: string): readonly string[] {
  return [
    // What we build here has the version of the tree.
    ...(build !== undefined || /:\d+(\.\d+)*(-[a-z0-9]+)*$/.test(image) ? [] : [`${image} has no version`]),
    ...(ONE_SHOT.includes(name) || healthcheck?.test !== undefined ? [] : ["no health check"]),
  ];
}

function findRoleFaults({ secrets = [] }: Service, name: string): readonly string[] {
  const mayMigrate = ["postgres", ...ONE_SHOT].includes(name);
  return secrets.includes("owner-database-url") && !mayMigrate ? ["acts as the owner"] : [];
}

function findNetworkFaults({ ports = [], environment = {} }: Service): readonly string[] {
  return [
    ...ports.filter((port) => !port.startsWith("127.0.0.1:")).map((port) => `${port} is not on loopback`),
    ...Object.entries(environment)
      // An empty text counts as unset.
      .filter(([, value]) => /\$\{\w*(PASSWORD|SECRET|TOKEN)\w*:?-[^}]/.test(value))
      .map(([variable]) => `a secret in ${variable} has a default`),
  ];
}

function findRightsFaults(service: Service, name: string): readonly string[] {
  const limits = service.deploy?.resources?.limits ?? {};
  // These two images begin as root, to own their volume, and drop all rights then.
  const isOthers = ["postgres", "valkey"].includes(name);
  return [
    ...(service.read_only || name === "postgres" ? [] : ["can write to its root"]),
    ...(service.cap_drop?.includes("ALL") || isOthers ? [] : ["has capabilities"]),
    ...(service.security_opt?.includes("no-new-privileges:true") ? [] : ["may get more rights"]),
    ...["cpus", "memory", "pids"].filter((kind) => !(kind in limits)).map((kind) => `no limit on ${kind}`),
  ];
}

function findSecretFaults({ environment = {}, secrets = [] }: Service): readonly string[] {
  const handedOut = Object.keys(readCompose().secrets);
  const mounted = Object.values(environment).flatMap(
    (value) => /^\/run\/secrets\/(.+)$/.exec(value)?.[1] ?? [],
  );
  const inSight = [...Object.keys(SECRETS), "POSTGRES_PASSWORD"].filter((secret) => environment[secret]);
  return [
    ...inSight.map((secret) => `${secret} is no file`),
    ...mounted.filter((secret) => !secrets.includes(secret)).map((secret) => `${secret} is not there`),
    ...secrets
      .filter((secret) => !handedOut.includes(secret))
      .map((secret) => `the secret ${secret} is nowhere`),
  ];
}

function findWaitFaults(service: Service, name: string, services: Services): readonly string[] {
  const awaited = Object.entries(service.depends_on ?? {});
  const last = { api: "grants", worker: "grants", grants: "migrate" }[name];
  const isAfterLast =
    last === undefined || service.depends_on?.[last]?.condition === "service_completed_successfully";
  return [
    ...awaited
      .filter(([other]) => !(other in services))
      .map(([other]) => `waits for ${other}, which is not there`),
    ...(isAfterLast ? [] : [`does not wait for ${last}`]),
  ];
}

function findOwnFaults(service: Service, name: Ours): readonly string[] {
  const environment = substitute(service.environment ?? {});
  return [
    ...findCommandFaults(service.command ?? ""),
    ...findConfigFaults(environment, name),
    ...findHealthFaults(service, environment[OURS[name].opsPort ?? ""]),
    ...(name === "worker" ? findWorkerFaults(service, Number(environment["SHUTDOWN_MS"])) : []),
  ];
}

/** What compose makes of `${NAME:-default}` and `${NAME:?message}`, when only the required ones are set. */
function substitute(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1").replaceAll(/\$\{\w+:\?[^}]*\}/g, "secret"),
    ]),
  );
}

function findCommandFaults(command: string): readonly string[] {
  const [program, ...files] = command.split(" ");
  if (program !== "node" || files.length === 0) return [`runs ${program}`];
  return files.filter((file) => !isThere(file)).map((file) => `${file} does not exist`);
}

function findConfigFaults(environment: Readonly<Record<string, string>>, name: Ours): readonly string[] {
  const known = Object.keys(OURS[name].schema.shape);
  const handedOn = Object.keys(readFiles(environment));
  // A variable in .env that reaches nobody is worse than none. The one-shot only has to find the engines.
  const expected =
    name === "migrate" ? known.filter((variable) => /^DATABASE_URL$|^REDIS_/.test(variable)) : known;
  return [
    ...findVariableFaults(environment, name),
    ...expected
      .filter((variable) => !handedOn.includes(variable))
      .map((variable) => `${variable} is not handed on`),
  ];
}

function findHealthFaults({ healthcheck }: Service, port: string | undefined): readonly string[] {
  const isAsked = healthcheck?.test?.join(" ").includes(`http://127.0.0.1:${port}/health/`);
  return port === undefined || isAsked ? [] : [`the health check does not ask port ${port}`];
}

function findWorkerFaults(service: Service, shutdownMs: number): readonly string[] {
  const isAlone = service.container_name !== undefined || (service.ports ?? []).length > 0;
  const graceMs = 1_000 * Number(service.stop_grace_period?.replace(/s$/, ""));
  return [
    ...(isAlone ? ["cannot be scaled"] : []),
    // The sweeper and the connections end after the chunks.
    ...(graceMs >= shutdownMs + 5_000 ? [] : ["too little time to stop"]),
  ];
}

function findEngineFaults({ postgres, valkey }: Services): readonly string[] {
  const options = ["--appendonly yes", "--maxmemory-policy noeviction", "/run/secrets/valkey-conf"];
  return [
    ...options.filter((option) => !valkey?.command?.includes(option)).map((option) => `valkey: no ${option}`),
    // Since version 18 the image declares this one as its volume and keeps a folder per version in it.
    ...(postgres?.volumes?.some((volume) => volume.endsWith(":/var/lib/postgresql"))
      ? []
      : ["postgres: files outside the volume"]),
  ];
}
