import { spawnSync } from "node:child_process";
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { Job } from "kubernetes-models/batch/v1/Job";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { Secret } from "kubernetes-models/v1/Secret";
import { Service } from "kubernetes-models/v1/Service";
import { parseAllDocuments } from "yaml";
import { listFiles, readText } from "./repository.ts";

/** One object for a cluster, not yet believed. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
};

/** Every object of docs/operations/kubernetes, by the name of its file. */
export function readManifests(): ReadonlyMap<string, readonly Manifest[]> {
  return new Map(
    listFiles("docs/operations/kubernetes/*.yaml").map((path) => [
      basename(path),
      parseAllDocuments(readText(path)).map((document) => {
        if (document.errors.length > 0) throw new Error(`${path}: ${document.errors.join(", ")}`);
        return document.toJS() as Manifest;
      }),
    ]),
  );
}

const MODELS: Readonly<Record<string, new (manifest: never) => { validate(): void }>> = {
  "v1/Secret": Secret,
  "v1/Service": Service,
  "apps/v1/Deployment": Deployment,
  "batch/v1/Job": Job,
  "networking.k8s.io/v1/NetworkPolicy": NetworkPolicy,
  "policy/v1/PodDisruptionBudget": PodDisruptionBudget,
  "keda.sh/v1alpha1/ScaledObject": ScaledObject,
  "keda.sh/v1alpha1/TriggerAuthentication": TriggerAuthentication,
};

/**
 * What the schemas of Kubernetes and KEDA refuse. The validators of kubernetes-models know values, formats and
 * what is required, but let unknown fields pass; their types know the fields, and TypeScript holds literals
 * against them.
 */
export function findSchemaFaults(manifests: readonly Manifest[]): readonly string[] {
  return [...manifests.flatMap(findValueFaults), ...findFieldFaults(manifests)];
}

function findValueFaults(manifest: Manifest): readonly string[] {
  const { apiVersion, kind, metadata } = manifest;
  const Model = MODELS[`${apiVersion}/${kind}`];
  if (Model === undefined) return [`${kind} ${metadata.name}: ${apiVersion}/${kind} is unknown`];
  try {
    new Model(manifest as never).validate();
    return [];
  } catch (error) {
    return [`${kind} ${metadata.name}: ${String(error)}`];
  }
}

// Beside the installed packages, so that they are found from there, and out of the repository's sight.
const SCRATCH = fileURLToPath(new URL("../node_modules/", import.meta.url));
const TSC = join(SCRATCH, ".bin", "tsc");
const FLAGS = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];

function findFieldFaults(manifests: readonly Manifest[]): readonly string[] {
  using directory = mkdtempDisposableSync(join(SCRATCH, ".manifests-"));
  const file = join(directory.path, "manifests.mts");
  writeFileSync(file, manifests.map(writeTyped).join("\n"));
  const { stdout, status } = spawnSync(TSC, [...FLAGS, file], { encoding: "utf8" });
  if (status === 0) return [];
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^.*error TS\d+: /, ""));
}

function writeTyped(manifest: Manifest, index: number): string {
  const { apiVersion, kind } = manifest;
  const library = apiVersion.startsWith("keda.sh/") ? "@kubernetes-models/keda" : "kubernetes-models";
  const type = `import("${library}/${apiVersion}/${kind}").I${kind}`;
  return `export const manifest${index} = ${JSON.stringify(manifest)} satisfies ${type};`;
}
