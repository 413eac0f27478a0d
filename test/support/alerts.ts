import { parse } from "yaml";
import { readText } from "./repository.ts";

/** A rule of docs/operations/alerts.yml. */
export type Alert = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
};

export function readAlerts(): readonly Alert[] {
  const { groups } = parse(readText("docs/operations/alerts.yml")) as {
    readonly groups: readonly { readonly rules: readonly Alert[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}
