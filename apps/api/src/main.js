// JavaScript, so that a Node version without TypeScript support can still print this message. main.ts links here.
if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(
    `This is Node ${process.versions.node}; the service needs Node 24 or newer. Install it, or run ` +
      "`npx -y pnpm@12.21.0 start:api`, which brings its own.",
  );
  process.exit(1);
}
const { runApi } = await import("./run-api.ts");
await runApi();
