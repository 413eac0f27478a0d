import { RequestError } from "@bulk/domain/request-error";
import { clearThrottle, listThrottles, setThrottle, type Throttle } from "@bulk/store/throttles";
import { type Command, InvalidArgumentError } from "commander";
import { parseActionType } from "../known-action-type.ts";
import { nameOperator } from "../operator.ts";
import { type OutputOptions, print } from "../print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin throttle …` */
export function addThrottleCommands(program: Command): void {
  const throttle = program
    .command("throttle")
    .description("how many records all workers together may try in a second");
  throttle
    .command("set")
    .description("throttle one action type, or all together; also to change the rate")
    .requiredOption("--records-per-second <number>", `from 1 to ${MOST_PER_SECOND}`, parseRate)
    .option("--action-type <type>", "this type alone; without it all types together", parseActionType)
    .option("--by <text>", "who throttles", nameOperator())
    .option("--json", "print JSON")
    .action(setRate);
  throttle
    .command("clear")
    .description("let workers go as fast as they can again")
    .option(
      "--action-type <type>",
      "the throttle of this type; without it that of all together",
      parseActionType,
    )
    .option("--json", "print JSON")
    .action(clearRate);
  throttle
    .command("list")
    .description("every throttle there is")
    .option("--json", "print JSON")
    .action(printThrottles);
}

type ThrottleOptions = OutputOptions & { readonly actionType?: string };

type RateOptions = ThrottleOptions & { readonly recordsPerSecond: number; readonly by: string };

/** More than any database deletes. */
const MOST_PER_SECOND = 1_000_000;

function parseRate(value: string): number {
  const rate = Number(value);
  if (/^\d+$/.test(value) && rate >= 1 && rate <= MOST_PER_SECOND) return rate;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_PER_SECOND}.`);
}

async function setRate(options: RateOptions): Promise<void> {
  const { recordsPerSecond, by: setBy } = options;
  const throttles = await withSession(async ({ database }) => {
    await setThrottle(database, { actionType: options.actionType ?? null, recordsPerSecond, setBy });
    return await listThrottles(database);
  });
  print(options, throttles, ["From about a second on:", ...throttles.map(tellThrottle)]);
}

const NO_THROTTLE = "There is no such throttle; see pnpm admin throttle list.";

async function clearRate(options: ThrottleOptions): Promise<void> {
  const throttles = await withSession(async ({ database }) => {
    const wasThere = await clearThrottle(database, options.actionType ?? null);
    if (!wasThere) throw new RequestError("not_found", "throttle.not_found", NO_THROTTLE);
    return await listThrottles(database);
  });
  print(options, throttles, ["Cleared.", ...throttles.map(tellThrottle)]);
}

async function printThrottles(options: OutputOptions): Promise<void> {
  const throttles = await withSession(({ database }) => listThrottles(database));
  print(options, throttles, throttles.length === 0 ? ["Nothing is throttled."] : throttles.map(tellThrottle));
}

function tellThrottle({ actionType, recordsPerSecond, setBy, setAt }: Throttle): string {
  const what = actionType ?? "all types together";
  return `${what}  ${recordsPerSecond} records a second, by ${setBy}, ${setAt.toISOString()}`;
}
