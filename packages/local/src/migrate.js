// JavaScript, so that a Node that cannot run TypeScript still says what to do. migrate.ts is a link to this file.
if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(
    `This is Node ${process.versions.node}; the service needs Node 24 or newer. Install it, or run ` +
      "`npx -y pnpm@12.21.0 migrate`, which brings its own.",
  );
  process.exit(1);
}
const { runMigrate } = await import("./commands/run-migrate.ts");
await runMigrate();
