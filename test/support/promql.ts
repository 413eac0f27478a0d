import { parser } from "@prometheus-io/lezer-promql";

/** The names of the metrics in a PromQL expression. Throws when it is none. */
export function listMetricNames(expression: string): readonly string[] {
  // Grafana's, which is not PromQL.
  const text = expression.replaceAll("$__rate_interval", "1m");
  const names: string[] = [];
  parser.parse(text).iterate({
    enter({ type, name, from, to, node }) {
      if (type.isError) throw new Error(`This is no PromQL from character ${from} on: ${expression}`);
      if (name === "Identifier" && node.parent?.name === "VectorSelector") names.push(text.slice(from, to));
    },
  });
  return names;
}
