import { judge } from "@bulk/domain/bulk-actions/action-outcome";
import type { JournalEntry, JournalKind } from "@bulk/store/journal/journal";
import type { ActionView } from "./read-actions.ts";

/** Something that happened to a bulk action. */
export type Moment = { readonly at: Date; readonly words: string; readonly link?: string };

/** Lists what happened to a bulk action, oldest first. */
export function listMoments(
  view: Pick<ActionView, "overview" | "submitter" | "journal" | "descendants">,
): readonly Moment[] {
  const { overview, submitter, journal, descendants } = view;
  const { createdAt, startedAt, finishedAt, cancelRequestedAt, cancelRequestedBy, createdBy } = overview;
  const creation = journal.find(
    ({ kind, bulkActionId, refusal }) =>
      CREATES.has(kind) && bulkActionId === overview.id && refusal === null,
  );
  const creator = createdBy === null ? submitter : `the token ${createdBy.name}`;
  const isCancelNoted = journal.some(
    ({ kind, bulkActionId, refusal }) =>
      kind === "cancel" && bulkActionId === overview.id && refusal === null,
  );
  const moments: readonly (Moment | false)[] = [
    { at: createdAt, words: by("Created", creator) },
    startedAt !== null && { at: startedAt, words: "Started" },
    cancelRequestedAt !== null &&
      !isCancelNoted && { at: cancelRequestedAt, words: by("Canceled", cancelRequestedBy ?? undefined) },
    ...journal.filter((entry) => entry !== creation).map(describeEntry),
    ...descendants.map(({ id, kind, createdAt: at, createdBy: who }) => ({
      at,
      words: `${by(kind === "retry" ? "Retried" : "Restored", who ?? undefined)} as`,
      link: id,
    })),
    finishedAt !== null && { at: finishedAt, words: `Ended: ${judge(overview)}` },
  ];
  return moments
    .filter((moment) => moment !== false)
    .toSorted((one, other) => Number(one.at) - Number(other.at));
}

const CREATES: ReadonlySet<JournalKind> = new Set(["create", "retry", "restore"]);

function by(what: string, who: string | undefined): string {
  return who === undefined ? what : `${what} by ${who}`;
}

/** An entry of the journal in words. */
export function describeEntry({ at, kind, by: who, detail, refusal }: JournalEntry): Moment {
  const words = [
    by(KINDS[kind], who),
    ...(detail === null ? [] : [detail]),
    ...(refusal === null ? [] : [tellRefusal(refusal)]),
  ];
  return { at, words: words.join(" · ") };
}

function tellRefusal(refusal: string): string {
  return refusal === "outcome_unknown" ? "whether it was done is not known" : `not done: ${refusal}`;
}

const KINDS: Readonly<Record<JournalKind, string>> = {
  create: "Submitted",
  cancel: "Cancel requested",
  retry: "Retry submitted",
  restore: "Restore submitted",
  purge: "Kept rows deleted",
  redeliver: "Webhook sent again",
  pause: "Paused",
  resume: "Resumed",
  throttle: "Throttled",
  unthrottle: "Throttle removed",
  pause_queue: "Queue paused in Bull Board",
  resume_queue: "Queue resumed in Bull Board",
  brake: "Slowed down",
  release: "Full speed again",
  hold: "Held",
  let_go: "Let go",
};
