import { type Registry, submittable } from "@bulk/actions/registry";
import { type FilterField, type Operator, operatorsOf } from "@bulk/domain/filters/filter";
import { describeValue } from "@bulk/domain/filters/read-value";
import { describeKey } from "@bulk/domain/keys/read-key";
import { listAccountNames } from "@bulk/store/accounts/accounts";
import { countRestoreDays } from "../../bulk-actions/creation.ts";
import type { ConsoleContext } from "../context.ts";
import { inWords } from "../render/words.ts";
import { CONDITION_ROWS, type NewForm } from "./new-form.ts";

/** Names that the field for the account suggests. Any other name, or an id, may be typed. */
const SUGGESTED_ACCOUNTS = 200;

/** Describes the form for its page. */
export async function describeForm(
  form: NewForm,
  { api, database }: Pick<ConsoleContext, "api" | "database">,
) {
  const { registry, config } = api;
  const actions = [...submittable(registry).values()];
  const [only, ...others] = actions;
  return {
    form: { ...form, actionType: others.length === 0 ? (only?.type ?? "") : form.actionType },
    rows: Array.from({ length: CONDITION_ROWS }, (_, index) => ({
      number: index + 1,
      ...(form.conditions[index] ?? { field: "", operator: "eq", value: "" }),
    })),
    accounts: await listAccountNames(database, SUGGESTED_ACCOUNTS),
    types: actions.map(({ type, recordType, effect, key }) => ({
      type,
      label: inWords(type),
      effect: `Each ${inWords(recordType)} is ${inWords(effect)}.`,
      key: describeKey(key.type),
      restoreDays: countRestoreDays(type, api),
    })),
    groups: listFields(registry),
    operators: Object.entries(OPERATORS),
    mostIds: config.MAX_RECORD_IDS,
    mostUploaded: config.MAX_UPLOADED_IDS,
  };
}

/** The operators in words. */
const OPERATORS: Readonly<Record<Operator, string>> = {
  eq: "is",
  in: "is one of",
  lt: "is less than",
  lte: "is at most",
  gt: "is more than",
  gte: "is at least",
  is_null: "has no value",
  exists: "exist",
};

/** Lists what records of each kind may be selected by, with the action types that take it. */
function listFields(registry: Registry) {
  const byRecordType = Map.groupBy(submittable(registry).values(), ({ recordType }) => recordType);
  return [...byRecordType].flatMap(([recordType, actions]) => {
    const fields = actions.flatMap(({ filtering }) => filtering?.fields ?? [])[0];
    if (fields === undefined) return [];
    return [
      {
        recordType: inWords(recordType),
        types: actions.map(({ type }) => inWords(type)),
        fields: [...fields].map(([name, field]) => ({ name, ...describeField(field) })),
      },
    ];
  });
}

function describeField(field: FilterField) {
  const operators = operatorsOf(field).map((operator) => OPERATORS[operator]);
  const isYesOrNo = field.kind === "relation" || field.type === "boolean";
  return { operators, value: isYesOrNo ? "true or false" : describeValue(field.type) };
}
