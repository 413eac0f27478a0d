import type { Client } from "bulk-actions-client";
import type { Filter, NewBulkAction, NewUpload } from "bulk-actions-client/types";
import { type Command, Option } from "commander";
import { CommandError, EXIT, exitCodeOfStop } from "../exit-codes.ts";
import { type FollowOptions, follow, type Start, tellId } from "../follow.ts";
import { type ConfirmOptions, confirm } from "../input/confirm.ts";
import { type IdsFile, openFile } from "../input/open-file.ts";
import { parseCondition } from "../input/parse-filter.ts";
import { openSession } from "../open-session.ts";
import { describePreview } from "../output/describe-bulk-action.ts";
import { print, tell } from "../output/print.ts";
import { showSending } from "../output/show-sending.ts";
import { addFollowOptions, addOutputOption, collect, parseCount, parseWord } from "./options.ts";

type Exit = (code: number) => void;

/** Which records; exactly one of them. */
type Selection = { readonly ids?: readonly string[]; readonly filter?: Filter; readonly file?: string };

type SubmitOptions = Selection & ConfirmOptions & FollowOptions & { readonly restore: boolean };

const EXAMPLES = `
Examples:
  bulk-actions delete products --ids da726d7e-1074-4944-a6b3-1ee51857f9aa,794322db-4981-421d-8077-b59ca1b80a93
  bulk-actions delete products --file ids.csv
  bulk-actions delete customers --filter "created_at<2022-01-01" --filter "orders exists false"`;

/** `bulk-actions delete`, `archive`, `run` and `preview` */
export function addSubmitCommands(program: Command, exit: Exit): void {
  for (const verb of ["delete", "archive"]) {
    const command = program
      .command(verb)
      .description(`Previews, asks, then ${verb}s records, and waits for the end.`)
      .argument("<records>", "such as products", parseWord)
      .addHelpText("after", EXAMPLES);
    addSubmitOptions(command).action(async (records: string, options: SubmitOptions) =>
      exit(await submit(`${verb}_${records}`, options)),
    );
  }
  const run = program
    .command("run")
    .description("Does the same for an action type of your shop, such as delete_products.")
    .argument("<action-type>", "as the API has it", parseWord);
  addSubmitOptions(run).action(async (type: string, options: SubmitOptions) =>
    exit(await submit(type, options)),
  );
  const preview = program
    .command("preview")
    .description("Shows what an action would do. Changes nothing.")
    .argument("<verb>", "such as delete", parseWord)
    .argument("<records>", "such as products", parseWord);
  addOutputOption(addSelection(preview)).action(runPreview);
}

function addSubmitOptions(command: Command): Command {
  return addFollowOptions(addSelection(command))
    .addOption(
      new Option("--file <path>", "ids of any number, as CSV or, named .ndjson, as lines of JSON").conflicts([
        ...["ids", "filter"],
      ]),
    )
    .addOption(new Option("--max <count>", "refuse more records than this").argParser(parseCount))
    .option("--yes", "do not ask; for scripts, with --max")
    .option("--no-restore", "keep nothing for a restore");
}

function addSelection(command: Command): Command {
  return command
    .addOption(new Option("--ids <ids>", "ids, separated by commas").argParser(collect).conflicts("filter"))
    .addOption(
      new Option("--filter <condition>", "such as created_at<2022-01-01; may be repeated").argParser(
        parseCondition,
      ),
    );
}

async function submit(actionType: string, options: SubmitOptions): Promise<number> {
  if (options.yes === true && options.max === undefined) {
    throw new CommandError(EXIT.usage, "--yes needs --max, the number of records that you expect at most.");
  }
  const bulkActions = await openSession();
  const start =
    options.file === undefined
      ? await prepareAction(bulkActions, actionType, options)
      : await prepareUpload(bulkActions, actionType, options.file, options);
  return await follow(bulkActions, start, options);
}

/** Previews, and returns the submission that the user has agreed to. */
async function prepareAction(
  bulkActions: Client["bulkActions"],
  actionType: string,
  options: SubmitOptions,
): Promise<Start> {
  const action = { ...readAction(actionType, options), restorable: options.restore };
  const found = await bulkActions.preview(action);
  process.stderr.write(describePreview(found));
  if (found.applicable === 0) throw new CommandError(EXIT.invalid, "Nothing was submitted.");
  await confirm(found, options);
  // What the filter selects meanwhile is not what the user has agreed to.
  const agreed =
    options.filter === undefined ? {} : { max_records: found.total, expected_count: found.total };
  return () => tellId(bulkActions.create({ ...action, ...agreed } as NewBulkAction));
}

/** Counts the lines of a file, and returns the submission that the user has agreed to. */
async function prepareUpload(
  bulkActions: Client["bulkActions"],
  actionType: string,
  path: string,
  options: SubmitOptions,
): Promise<Start> {
  const file = await openFile(path, showSending());
  const { ids, lines, count } = file;
  tell(`${actionType}: ${path} has ${lines} lines. A file is not previewed.`);
  await confirm({ total: lines, applicable: lines }, options);
  const upload = {
    ...{ action_type: actionType, restorable: options.restore, ids },
    ...(count !== undefined && { expected_count: count }),
  };
  return (signal) => tellId(send(bulkActions, upload, file, signal));
}

/** Sends a file until the signal ends it. Throws `CommandError` then, which says whether something may have been submitted. */
async function send(
  bulkActions: Client["bulkActions"],
  upload: NewUpload,
  { isSent, stop }: IdsFile,
  signal: AbortSignal,
) {
  try {
    return await bulkActions.upload(upload, { signal });
  } catch (error) {
    stop();
    if (!signal.aborted) throw error;
    const what = isSent()
      ? "The file was sent, and may have been submitted. To see it: bulk-actions list"
      : "Nothing was submitted.";
    throw new CommandError(exitCodeOfStop(signal), what);
  }
}

async function runPreview(
  verb: string,
  records: string,
  options: Selection & { readonly json?: true },
): Promise<void> {
  const bulkActions = await openSession();
  const found = await bulkActions.preview(readAction(`${verb}_${records}`, options));
  print(options, found, describePreview(found));
}

/** The most records that a filter may select. */
const MOST_RECORDS = 10_000_000;

function readAction(
  actionType: string,
  { ids = [], filter, max = MOST_RECORDS }: Selection & ConfirmOptions,
): NewBulkAction {
  if (filter !== undefined) return { action_type: actionType, filter, max_records: max };
  if (ids.length > 0) return { action_type: actionType, record_ids: ids };
  throw new CommandError(EXIT.usage, "Say which records: --ids, --filter or --file.");
}
