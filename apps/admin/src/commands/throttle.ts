import { counted } from "@bulk/domain/counted";
import { RequestError } from "@bulk/domain/errors/request-error";
import { recordChange } from "@bulk/store/journal/record-change";
import { clearThrottle, listThrottles, setThrottle, type Throttle } from "@bulk/store/operations/throttles";
import { type Command, InvalidArgumentError, Option } from "commander";
import { nameOperator } from "../options/name-operator.ts";
import { parseActionType } from "../options/parse-option.ts";
import { showMoment } from "../output/lines.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin throttle …` */
export function addThrottleCommands(program: Command): void {
  const throttle = program
    .command("throttle")
    .description("limit the records that all workers together try per second");
  addScopeOptions(throttle.command("set"))
    .description("throttle one action type, or all types together; also to change the rate")
    .requiredOption("--records-per-second <number>", `from 1 to ${MOST_PER_SECOND}`, parseRate)
    .option("--by <text>", "who throttles", nameOperator())
    .option("--json", "print JSON")
    .action(async (options: RateOptions, command: Command) => {
      demandScope(options, command);
      await setRate(options);
    });
  addScopeOptions(throttle.command("clear"))
    .description("remove a throttle")
    .option("--json", "print JSON")
    .action(async (options: ThrottleOptions, command: Command) => {
      demandScope(options, command);
      await clearRate(options);
    });
  throttle
    .command("list")
    .description("list all throttles")
    .option("--json", "print JSON")
    .action(printThrottles);
}

type ThrottleOptions = OutputOptions & { readonly all?: true; readonly actionType?: string };

type RateOptions = ThrottleOptions & { readonly recordsPerSecond: number; readonly by: string };

function addScopeOptions(command: Command): Command {
  return command
    .addOption(new Option("--all", "all types together").conflicts("actionType"))
    .option("--action-type <type>", "only this action type", parseActionType);
}

function demandScope({ all, actionType }: ThrottleOptions, command: Command): void {
  if (all || actionType !== undefined) return;
  command.error("error: set --action-type, or --all for all types together");
}

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
    const { actionType } = options;
    const detail = `${counted(recordsPerSecond, "record")} a second`;
    await recordChange(database, { kind: "throttle", by: setBy, actionType, detail }, () =>
      setThrottle(database, { actionType: actionType ?? null, recordsPerSecond, setBy }),
    );
    return await listThrottles(database);
  });
  print(options, throttles, ["Applies within two seconds:", ...throttles.map(describeThrottle)]);
}

const NO_THROTTLE = "There is no such throttle; see pnpm admin throttle list.";

async function clearRate(options: ThrottleOptions): Promise<void> {
  const throttles = await withSession(async ({ database }) => {
    const { actionType } = options;
    await recordChange(database, { kind: "unthrottle", by: nameOperator(), actionType }, async () => {
      const wasThere = await clearThrottle(database, actionType ?? null);
      if (!wasThere) throw new RequestError("not_found", "throttle.not_found", NO_THROTTLE);
    });
    return await listThrottles(database);
  });
  print(options, throttles, ["Cleared.", ...throttles.map(describeThrottle)]);
}

async function printThrottles(options: OutputOptions): Promise<void> {
  const throttles = await withSession(({ database }) => listThrottles(database));
  print(
    options,
    throttles,
    throttles.length === 0 ? ["Nothing is throttled."] : throttles.map(describeThrottle),
  );
}

function describeThrottle({ actionType, recordsPerSecond, setBy, setAt }: Throttle): string {
  const what = actionType ?? "all types together";
  return `${what}  ${counted(recordsPerSecond, "record")} a second, by ${setBy}, ${showMoment(setAt)}`;
}
