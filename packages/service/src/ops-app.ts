import express, { type Express } from "express";
import helmet from "helmet";

/** One thing a process cannot do its work without. */
export type Dependency = {
  readonly name: string;
  /** Resolves when it is there; rejects with the reason otherwise. */
  readonly check: () => Promise<unknown>;
};

/**
 * What a process tells its operators, on a port of its own: `/health/live` (the process answers) and
 * `/health/ready` (every dependency answers; 503 with the names of those that do not).
 */
export function createOpsApp(dependencies: readonly Dependency[]): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(helmet());
  app.get("/health/live", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.get("/health/ready", async (_request, response) => {
    const checks = await Promise.all(dependencies.map(examine));
    const isReady = checks.every((check) => check.status === "ok");
    response.status(isReady ? 200 : 503).json({ status: isReady ? "ok" : "unavailable", checks });
  });
  return app;
}

async function examine({ name, check }: Dependency): Promise<{ name: string; status: string }> {
  const isThere = await check().then(
    () => true,
    () => false,
  );
  return { name, status: isThere ? "ok" : "unavailable" };
}
