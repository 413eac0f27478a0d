import { spawnSync } from "node:child_process";

/**
 * Runs dependency-cruiser over the tree. Exits with 1 on any violation, and on fewer modules than the tree
 * surely has: beside a TypeScript it cannot use, the tool reads nothing and says that all is well.
 */
const LEAST_MODULES = 250;

const { stdout, stderr } = spawnSync(
  "depcruise",
  ["--config", ".dependency-cruiser.mjs", "--output-type", "json", "apps", "packages", "test", "tools"],
  { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
);

type Summary = {
  readonly totalCruised: number;
  readonly violations: readonly {
    readonly from: string;
    readonly to: string;
    readonly rule: { readonly name: string };
  }[];
};

const { summary } = JSON.parse(stdout || `{"summary":null}`) as { summary: Summary | null };
if (summary === null) {
  console.error(`dependency-cruiser said nothing: ${stderr}`);
  process.exit(1);
}
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
console.log(`${summary.totalCruised} modules, ${summary.violations.length} violations`);
process.exit(summary.violations.length === 0 && summary.totalCruised >= LEAST_MODULES ? 0 : 1);
