// JavaScript, so that a Node that cannot run TypeScript still says what to do. main.ts is a link to this file.
if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(
    `This is Node ${process.versions.node}; the service needs Node 24 or newer. Install it, or run ` +
      "`npx -y pnpm@12.21.0 admin`, which brings its own.",
  );
  process.exit(1);
}
const { runAdmin } = await import("./run-admin.ts");
await runAdmin();
