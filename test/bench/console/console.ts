import { randomBytes } from "node:crypto";
import { findFreePort } from "@bulk/local/stack/free-port";
import { type Console, openConsoleAs } from "../../support/console.ts";
import { writeUsers } from "../../support/dashboard.ts";
import { eventually } from "../../support/eventually.ts";
import type { Bench, Measurement } from "../bench.ts";
import { collect, median } from "../figures.ts";
import { startService } from "../service.ts";
import { type Crowd, fillCrowd } from "./fill-crowd.ts";
import { watchInBrowser } from "./watch-in-browser.ts";

const REQUESTS = 20;

/**
 * Milliseconds for each page of the console beside very many bulk actions and a very large one, kilobytes of a page with all
 * that it loads, and when a browser has it.
 */
export async function consolePages(bench: Bench): Promise<readonly Measurement[]> {
  const { engines, sizes } = bench;
  const crowd = await fillCrowd(engines, { actions: sizes.consoleActions, chunks: sizes.consoleChunks });
  const opsPort = await findFreePort(0);
  await using _service = await startService(engines, 0, {
    ...{ OPS_PORT: String(opsPort), DASHBOARD_USERS: (await writeUsers()).join() },
    DASHBOARD_SESSION_KEY: randomBytes(32).toString("base64"),
  });
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  const anna = await eventually(() => openConsoleAs(opsUrl, "anna"));
  const times: Record<string, number> = {};
  for (const [name, path] of Object.entries(listPages(crowd))) {
    const { first, all } = await request(anna, path);
    times[`console_${name}_first_milliseconds`] = first;
    times[`console_${name}_median_milliseconds`] = median(all);
    times[`console_${name}_worst_milliseconds`] = Math.max(...all);
    bench.say(
      `${name}: first ${first.toFixed()} ms, then ${median(all).toFixed()} ms, at most ${Math.max(...all).toFixed()} ms`,
    );
  }
  return collect([{ ...times, ...(await watchInBrowser(opsUrl, anna, listPages(crowd), bench.say)) }]);
}

/** Every page that reads from the database. */
function listPages({ large, middle, accountName, recordId }: Crowd): Readonly<Record<string, string>> {
  const list = "/bulk-actions";
  return {
    now: "",
    ...{ list, list_old: `${list}?to=${middle}`, list_account: `${list}?account=${accountName}` },
    ...{
      list_open: `${list}?status=open`,
      list_failed: `${list}?outcome=failed`,
      list_type: `${list}?type=none`,
    },
    ...{ action: `${list}/${large}`, records: `${list}/${large}/records` },
    ...{ records_deep: `${list}/${large}/records?after=9000000` },
    records_skipped: `${list}/${large}/records?outcome=skipped`,
    records_failed: `${list}/${large}/records?outcome=failed`,
    ...{ cancel: `${list}/${large}/cancel`, new: "/new", changes: "/changes" },
    find: `/find?id=${recordId}`,
  };
}

async function request(
  { page }: Console,
  path: string,
): Promise<{ readonly first: number; readonly all: readonly number[] }> {
  const all: number[] = [];
  for (let number = 0; number <= REQUESTS; number += 1) {
    const begun = performance.now();
    await page(path);
    all.push(performance.now() - begun);
  }
  const [first = 0, ...others] = all;
  return { first, all: others };
}
