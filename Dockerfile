# syntax=docker/dockerfile:1
# One image for the API, the workers and `migrate`. Node runs the TypeScript directly, so there is no build.
# The tree keeps its workspace layout because Node does not strip types under node_modules.

FROM node:24-bookworm-slim AS source
RUN npm install --global pnpm@12.21.0
WORKDIR /app
COPY . .

# Prisma's client, generated from the schema. The development dependencies stay in this stage.
FROM source AS generated
RUN --mount=type=cache,target=/root/.local/share/pnpm/store \
  pnpm install --frozen-lockfile --ignore-scripts --no-optional --filter bulk-actions --filter @bulk/store
RUN node_modules/.bin/prisma generate

# Production dependencies, without the optional ones: PostgreSQL itself and, as peers, Prisma's CLI and TypeScript.
FROM source AS production
RUN --mount=type=cache,target=/root/.local/share/pnpm/store \
  pnpm install --frozen-lockfile --prod --ignore-scripts --no-optional \
  --filter @bulk/api... --filter @bulk/worker... --filter @bulk/admin... --filter @bulk/local...
# Prisma contains query compilers for other databases: 54 MB.
RUN find node_modules/.pnpm -path '*/@prisma/client/runtime/query_compiler_*' ! -name '*.postgresql.*' -delete
# The page needs one bundle of Swagger UI and its styles; the rest is 10 MB.
RUN find node_modules/.pnpm -path '*/swagger-ui-dist/*' \( -name '*.map' -o -name '*es-bundle*' \) -delete
COPY --from=generated /app/packages/store/src/generated packages/store/src/generated

FROM node:24-bookworm-slim
# As the first process Node would neither reap orphans nor exit on signals that it does not handle.
RUN apt-get update && apt-get install --yes --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# Owned by root, so the process cannot change it. Neither the services nor `migrate` write files: the root may be
# read-only without a tmpfs.
COPY --from=production /app ./
# The image's user `node`, by number: Kubernetes' `runAsNonRoot` does not accept names.
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
# For the API, the default command. Liveness, not readiness: a restart does not repair a database. The ops port is on the
# container's loopback unless OPS_HOST is set.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "-e", \
  "fetch('http://127.0.0.1:' + (process.env.OPS_PORT || 3001) + '/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["node", "apps/api/src/main.ts"]
