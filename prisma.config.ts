import { defineConfig } from "prisma/config";

// `prisma generate` never runs the native schema engine, but looks for its file and would download it.
process.env["PRISMA_SCHEMA_ENGINE_BINARY"] ??= process.execPath;

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
});
