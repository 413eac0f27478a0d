import { expect, test } from "vitest";
import { findMisspellings } from "./find-misspellings.ts";

test.each([
  ["REDIS_ULR", "REDIS_URL"],
  ["DATABASE_URI", "DATABASE_URL"],
  ["redis_url", "REDIS_URL"],
  ["REDIS-URL", "REDIS_URL"],
  ["PROT", "PORT"],
  ["OPS_PROT", "OPS_PORT"],
  ["WORKER_CONCURENCY", "WORKER_CONCURRENCY"],
  ["STATMENT_TIMEOUT_SM", "STATEMENT_TIMEOUT_MS"],
  ["WEBHOOK_SECRET_KEY_FIEL", "WEBHOOK_SECRET_KEY_FILE"],
  ["RETENTION_DAY", "RETENTION_DAYS"],
])("%s was probably meant as %s", (variable, nearest) => {
  expect(findMisspellings({ [variable]: "x" })).toEqual([{ variable, nearest }]);
});

test("our own variables and those of other programs are left alone", () => {
  const foreign =
    "PATH HOME PWD OLDPWD SHLVL USER LANG TERM TZ HOSTNAME EDITOR MAIL TMPDIR NODE_ENV NODE_OPTIONS CI " +
    "PGHOST PGPORT PGUSER PGDATABASE POSTGRES_USER POSTGRES_PASSWORD REDIS_HOST REDIS_PORT REDIS_TLS_URL " +
    "DB_URL DB_HOST DB_PORT API_PORT API_HOST APP_PORT APP_HOST WEB_PORT SMTP_PORT SSH_PORT HTTP_PROXY " +
    "KUBERNETES_PORT KUBERNETES_SERVICE_HOST API_SERVICE_HOST API_PORT_3000_TCP WINDOWID DISPLAY LOGNAME " +
    "XDG_DATA_DIRS XDG_DATA_HOME OTEL_LOGS_EXPORTER OTEL_METRICS_EXPORTER OTEL_EXPORTER_OTLP_METRICS_ENDPOINT " +
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS OTEL_EXPORTER_OTLP_TIMEOUT GITHUB_REF RUNNER_TEMP npm_config_cache " +
    "INVOCATION_ID JOURNAL_STREAM CREDENTIALS_DIRECTORY NOTIFY_SOCKET SSL_CERT_FILE NODE_EXTRA_CA_CERTS";
  const ours = "PORT HOST DATABASE_URL DATABASE_URL_FILE REDIS_URL OTEL_SERVICE_NAME";
  const names = `${foreign} ${ours}`.split(" ");
  expect(findMisspellings(Object.fromEntries(names.map((name) => [name, "x"])))).toEqual([]);
});
