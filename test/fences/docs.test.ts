import { posix } from "node:path";
import { TURN_ENDINGS } from "@bulk/queue/turns/turn-ending";
import { expect, test } from "vitest";
import { isThere, listFiles, readManifest, readText } from "../support/repository.ts";

// What pnpm itself understands; everything else after `pnpm` is a script.
const PNPM_COMMANDS = ["add", "deploy", "exec", "fetch", "install", "outdated", "update", "why"];

type Documents = ReadonlyMap<string, string>;

test("every relative link in the documents leads to a file", () => {
  const documents = readDocuments();
  expect(findDeadLinks(documents, isThere)).toEqual([]);
  expect(listLinks(documents).length).toBeGreaterThan(3);
});

test("a link that leads nowhere is noticed", () => {
  const document = [
    "[one](design.md#tree) [two](../README.md) [three](gone.md) [four](../docs/gone.md#a 'title')",
    "[web](https://example.com/gone.md) [mail](mailto:a@example.com) [here](#section)",
    "[five]: gone-too.md",
    "```\n[code](example.md)\n```",
    "`[code](example.md)`",
  ].join("\n");
  const links = findDeadLinks(new Map([["docs/page.md", document]]), (path) => !path.includes("gone"));
  expect(links).toEqual([
    "docs/page.md: gone.md",
    "docs/page.md: ../docs/gone.md#a",
    "docs/page.md: gone-too.md",
  ]);
});

test("every file that the documents name exists", () => {
  const documents = readDocuments();
  expect(findMissingFiles(documents, isThere)).toEqual([]);
  expect(listFileNames(documents).length).toBeGreaterThan(20);
});

test("a file that does not exist is noticed", () => {
  const document =
    "Read `apps/api/src/gone.ts`, `packages/store/src/here.ts`, `packages/store/src/*.ts`, `gone.ts`.";
  const missing = findMissingFiles(new Map([["docs/page.md", document]]), (path) => !path.includes("gone"));
  expect(missing).toEqual(["docs/page.md: apps/api/src/gone.ts"]);
});

test("every pnpm script that the documents name exists", () => {
  const documents = readDocuments();
  expect(findUnknownScripts(documents, Object.keys(readManifest().scripts ?? {}))).toEqual([]);
  expect(listScripts(documents).length).toBeGreaterThan(5);
});

test("a script that does not exist is noticed", () => {
  const document = [
    "pnpm runs `pnpm check` and `pnpm chekc --all`, after `pnpm install` or `pnpm --version`.",
    "```\n$ npx -y pnpm@1.2.3 demo --exit\nDATA_DIR=x pnpm run destroy && pnpm test\n```",
  ].join("\n");
  expect(findUnknownScripts(new Map([["README.md", document]]), ["check", "demo", "test"])).toEqual([
    "README.md: pnpm chekc",
    "README.md: pnpm destroy",
  ]);
});

test("the doctor's sample in the documents counts the migrations that there are", () => {
  const [, count] = /^✓ migrations +All (\d+) are applied/m.exec(readText("docs/operations.md")) ?? [];
  expect(Number(count)).toBe(listFiles("prisma/migrations/*/migration.sql").length);
});

test("every log line that operations.md explains is written by the services", () => {
  const lines = listLogLines(readText("docs/operations.md"));
  const sources = listFiles("apps/*/src/**/*.ts", "packages/*/src/**/*.ts").map(readText).join("\n");
  expect(lines.filter((line) => !sources.includes(line))).toEqual([]);
  expect(lines.length).toBeGreaterThan(15);
});

test("log lines are read from the lists of the sections about logs", () => {
  const page =
    "### Logs of API\n\n- `one trouble`, `two: …` at start: `no`.\n\n### Refused\n\n- `three`: no.\n";
  expect(listLogLines(page)).toEqual(["one trouble", "two: "]);
});

test("the operators' table of endings of a turn is that of the code", () => {
  const rows = readText("docs/operations.md").matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm);
  const table = Object.fromEntries([...rows].map(([, ending = "", meaning = ""]) => [ending, meaning]));
  expect(table).toMatchObject(TURN_ENDINGS);
});

test("no placeholder is left in the documents", () => {
  expect(findPlaceholders(readDocuments())).toEqual([]);
});

test("a placeholder is noticed", () => {
  const document = [
    "The variable `RATE_LIMIT` and RATE_LIMIT in a line are none.",
    "BENCH_TABLE_HERE",
    "```\nWORKER_OPS_PORT\n```",
  ].join("\n");
  expect(findPlaceholders(new Map([["docs/page.md", document]]))).toEqual(["docs/page.md: BENCH_TABLE_HERE"]);
});

/** The texts before the colon of each entry, up to what varies. */
function listLogLines(page: string): readonly string[] {
  const sections = page.match(/^### (?:Logs|Failed).*\n[\s\S]*?(?=^##)/gm) ?? [];
  const entries = sections.flatMap((section) => section.match(/^- `.+?`(?:,\s+`.+?`)*/gm) ?? []);
  return entries.flatMap((entry) => [...entry.matchAll(/`([^`…]+)[^`]*`/g)].map(([, text]) => text ?? ""));
}

function readDocuments(): Documents {
  return new Map(listFiles("*.md", "docs/**/*.md", "examples/**/*.md").map((path) => [path, readText(path)]));
}

function findPlaceholders(documents: Documents): readonly string[] {
  return [...documents].flatMap(([path, text]) => {
    const lines = withoutCodeBlocks(text).match(/^[A-Z]+_[A-Z_]+$/gm) ?? [];
    return lines.map((line) => `${path}: ${line}`);
  });
}

function withoutCodeBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, "");
}

function findDeadLinks(documents: Documents, exists: (path: string) => boolean): readonly string[] {
  return listLinks(documents)
    .filter(({ path, target }) => {
      const file = decodeURIComponent(target.replace(/#.*$/, ""));
      return !exists(posix.join(posix.dirname(path), file));
    })
    .map(({ path, target }) => `${path}: ${target}`);
}

function listLinks(documents: Documents): readonly { readonly path: string; readonly target: string }[] {
  return [...documents].flatMap(([path, text]) => {
    const prose = withoutCodeBlocks(text).replace(/`[^`\n]*`/g, "");
    const links = prose.matchAll(/\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm);
    return [...links]
      .map(([, inline, reference]) => ({ path, target: inline ?? reference ?? "" }))
      .filter(({ target }) => !/^([a-z][a-z+.-]*:|#)/i.test(target));
  });
}

function findMissingFiles(documents: Documents, exists: (path: string) => boolean): readonly string[] {
  return listFileNames(documents)
    .filter(({ name }) => !exists(name))
    .map(({ path, name }) => `${path}: ${name}`);
}

/** Tells the reader to create files. */
const WALK_THROUGH = "docs/adding-an-action.md";

/** The paths in code from the root of the repository to a file; not those with a wildcard. */
function listFileNames(documents: Documents): readonly { readonly path: string; readonly name: string }[] {
  const pages = [...documents].filter(([path]) => path !== WALK_THROUGH);
  return pages.flatMap(([path, text]) => {
    const names = text.matchAll(/`((?:apps|packages|prisma|test|docs)\/[\w./-]+\.\w+)`/g);
    return [...names].map(([, name]) => ({ path, name: name ?? "" }));
  });
}

function findUnknownScripts(documents: Documents, scripts: readonly string[]): readonly string[] {
  return listScripts(documents)
    .filter(({ script }) => !scripts.includes(script) && !PNPM_COMMANDS.includes(script))
    .map(({ path, script }) => `${path}: pnpm ${script}`);
}

/** What stands after `pnpm` in code; prose may say anything about it. */
function listScripts(documents: Documents): readonly { readonly path: string; readonly script: string }[] {
  return [...documents].flatMap(([path, text]) => {
    const code = text.match(/^```[\s\S]*?^```|`[^`\n]+`/gm) ?? [];
    const calls = code.join("\n").matchAll(/\bpnpm(?:@[\d.]+)? (?:run )?([a-z][a-z0-9:-]*)/g);
    return [...calls].map(([, script]) => ({ path, script: script ?? "" }));
  });
}
