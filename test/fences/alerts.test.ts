import { expect, test } from "vitest";
import { type Alert, readAlerts } from "../support/alerts.ts";
import { readText } from "../support/repository.ts";

/** What an operator replaces by the address of the documents; alerts.yml and operations.md say how. */
const BASE = "https://docs.example.com/bulk-actions";

const SOUND: Alert = {
  alert: "BulkWorkUndone",
  expr: "1",
  labels: { severity: "critical" },
  annotations: { summary: "Nothing is done.", runbook_url: `${BASE}/operations.md#bulkworkundone` },
};

test("every alert says what is wrong and how bad it is, and leads to a runbook of its own", () => {
  expect(findFaults(readAlerts(), readRunbooks())).toEqual([]);
  expect(readAlerts().length).toBeGreaterThan(10);
});

test.each<[string, Partial<Alert>, string]>([
  ["a severity nobody routes", { labels: { severity: "bad" } }, "severity bad"],
  ["an alert without a sentence", annotated({ summary: "" }), "no summary"],
  [
    "a runbook elsewhere",
    annotated({ runbook_url: `${BASE}/operations.md#health` }),
    `runbook ${BASE}/operations.md#health`,
  ],
  [
    "a runbook that Alertmanager cannot link to",
    annotated({ runbook_url: "docs/operations.md#bulkworkundone" }),
    "runbook docs/operations.md#bulkworkundone",
  ],
  ["an alert without a runbook", { alert: "BulkOther" }, "BulkOther has no runbook"],
])("%s is noticed", (_fault, change, expected) => {
  expect(findFaults([{ ...SOUND, ...change }], ["BulkWorkUndone"]).join()).toContain(expected);
});

test("a runbook without an alert is noticed", () => {
  expect(findFaults([SOUND], ["BulkWorkUndone", "BulkForgotten"])).toEqual(["BulkForgotten has no alert"]);
});

function annotated(change: Partial<Alert["annotations"]>): Partial<Alert> {
  return { annotations: { ...SOUND.annotations, ...change } };
}

function readRunbooks(): readonly string[] {
  const [, text = ""] = readText("docs/operations.md").split("\n## Runbooks\n");
  return [...text.matchAll(/^### (\w+)$/gm)].map(([, name = ""]) => name);
}

function findFaults(alerts: readonly Alert[], runbooks: readonly string[]): readonly string[] {
  const names = alerts.map(({ alert }) => alert);
  return [
    ...alerts.flatMap((alert) => findOwnFaults(alert).map((fault) => `${alert.alert}: ${fault}`)),
    ...names.filter((name) => !runbooks.includes(name)).map((name) => `${name} has no runbook`),
    ...runbooks.filter((name) => !names.includes(name)).map((name) => `${name} has no alert`),
  ];
}

function findOwnFaults({ alert, labels, annotations }: Alert): readonly string[] {
  const { summary, runbook_url } = annotations;
  return [
    ...(/\w.*\.$/.test(summary) ? [] : ["no summary"]),
    ...(["critical", "warning", "info"].includes(labels.severity) ? [] : [`severity ${labels.severity}`]),
    ...(runbook_url === `${BASE}/operations.md#${alert.toLowerCase()}` ? [] : [`runbook ${runbook_url}`]),
  ];
}
