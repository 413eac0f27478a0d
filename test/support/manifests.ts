import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { Job } from "kubernetes-models/batch/v1/Job";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Secret } from "kubernetes-models/v1/Secret";
import { Service } from "kubernetes-models/v1/Service";
import { parseAllDocuments } from "yaml";
import { listFiles, readText } from "./repository.ts";

/** One object for a cluster, not yet believed. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
};

/** Objects for a cluster by kind and name, such as `Deployment bulk-actions-api`. */
export type Manifests = Readonly<Record<string, Manifest>>;

/** Every object of docs/operations/kubernetes. */
export function readManifests(): Manifests {
  const documents = listFiles("docs/operations/kubernetes/*.yaml").flatMap((path) => [
    ...parseAllDocuments(readText(path)),
  ]);
  return Object.fromEntries(
    documents.map((document) => {
      if (document.errors.length > 0) throw new Error(document.errors.join(", "));
      const manifest = document.toJS() as Manifest;
      return [`${manifest.kind} ${manifest.metadata.name}`, manifest];
    }),
  );
}

const MODELS: Readonly<Record<string, { readonly prototype: { validate(): void } }>> = {
  "v1/ConfigMap": ConfigMap,
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
 * What the schemas of Kubernetes and KEDA refuse, and fields that they do not have. kubernetes-models has the schemas
 * as compiled validators, which let unknown fields pass: such a field is one that the validator never reads.
 */
export function findSchemaFaults(manifests: Manifests): readonly string[] {
  return Object.entries(manifests).flatMap(([name, manifest]) => {
    const model = MODELS[`${manifest.apiVersion}/${manifest.kind}`];
    if (model === undefined) return [`${name} is of an unknown kind`];
    const unread = new Set<string>();
    try {
      model.prototype.validate.call(watch(manifest, name, unread));
      return [...unread].map((path) => `${path} is unknown`);
    } catch (error) {
      return [`${name}: ${error}`];
    }
  });
}

/** The value; the paths in it that nobody has read yet are in `unread`. */
function watch(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => {
    unread.add(`${path}.${key}`);
    return [key, watch(one, `${path}.${key}`, unread)] as const;
  });
  const copy = Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
  return new Proxy(copy, {
    get(target, key) {
      unread.delete(`${path}.${String(key)}`);
      return Reflect.get(target, key);
    },
  });
}
