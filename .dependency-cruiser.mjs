// The arrows of docs/design.md. test/fences/check-arrows.ts runs this and refuses to pass on nothing read.
const packageOf = (name) => `^packages/${name}/`;

const TRACING_SDK = "^packages/service/src/tracing/(export-spans|install-tracer)\\.ts$";

/** What a package may import of ours; whatever is not listed is forbidden. */
const allowed = {
  domain: [],
  postgres: [],
  service: ["postgres"],
  store: ["domain", "postgres", "service"],
  actions: ["store", "domain"],
  catalog: ["store", "domain", "actions", "records", "service"],
  queue: ["postgres", "service"],
  webhooks: [],
  wire: ["domain", "store"],
  records: ["domain", "store", "actions"],
  metrics: ["store", "service"],
  migration: ["store", "postgres"],
  // Published to npm: neither may need the rest.
  client: [],
  cli: ["client"],
  local: ["domain", "postgres", "store", "migration", "queue", "service"],
};

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: { pathNot: "src/generated/" }, to: { circular: true } },
    {
      name: "nothing-imports-apps",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^apps/" },
    },
    {
      name: "apps-do-not-import-each-other",
      severity: "error",
      from: { path: "^apps/(?!admin/)([^/]+)/" },
      to: { path: "^apps/", pathNot: "^apps/$1/" },
    },
    {
      name: "admin-knows-others-by-their-configuration",
      severity: "error",
      from: { path: "^apps/admin/" },
      to: { path: "^apps/(?!admin/)", pathNot: "^apps/[^/]+/src/config\\.ts$" },
    },
    {
      name: "only-admin-and-tests-import-local",
      severity: "error",
      from: { path: "^(apps/(?!admin/)|packages/(?!local/))" },
      to: { path: packageOf("local") },
    },
    {
      name: "product-code-does-not-import-tests",
      severity: "error",
      from: { path: "^(apps|packages)/" },
      to: { path: "^test/" },
    },
    {
      name: "only-queue-speaks-to-the-queue",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: packageOf("queue") },
      to: { path: "node_modules/(bullmq|ioredis)/" },
    },
    {
      name: "only-postgres-connects-to-postgresql",
      comment:
        "A connection opened elsewhere would lack the settings that every session of ours has (decision 026).",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: packageOf("postgres") },
      to: { path: "node_modules/pg/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "only-store-speaks-prisma",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: "^packages/(store|migration)/" },
      to: { path: "node_modules/@prisma/|^packages/store/src/generated" },
    },
    {
      name: "only-two-files-speak-to-the-tracing-sdk",
      comment: "Whoever is not traced loads no more than OpenTelemetry's API, which does nothing.",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: TRACING_SDK },
      to: { path: "(^|node_modules/)@opentelemetry/(?!api(/|$))" },
    },
    {
      name: "the-tracing-sdk-is-loaded-late",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: TRACING_SDK },
      to: { path: TRACING_SDK, dynamic: false },
    },
    ...Object.entries(allowed).map(([name, others]) => ({
      name: `arrows-of-${name}`,
      comment: `packages/${name} may import of ours: ${others.join(", ") || "nothing"}.`,
      severity: "error",
      from: { path: packageOf(name) },
      to: { path: "^packages/", pathNot: `^packages/(${[name, ...others].join("|")})/` },
    })),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
