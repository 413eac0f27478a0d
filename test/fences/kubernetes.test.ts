import { BlockList, isIPv6 } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { parseRecords } from "@bulk/records/declaration/load-records";
import { openRecords } from "@bulk/records/open-records";
import { isAllowedAddress } from "@bulk/webhooks/target";
import { holdAll, isAtLeast, namesFile, readAt } from "../support/hold-all.ts";
import { findSchemaFaults, type Manifests, readManifests } from "../support/manifests.ts";
import { findVariableFaults, type Ours } from "../support/own-services.ts";
import { readManifest } from "../support/repository.ts";

type Container = {
  readonly name: Ours;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
};

type Pod = {
  readonly containers: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string };
    readonly configMap?: { readonly name: string };
  }[];
};

type Policy = {
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly egress?: readonly { readonly to: readonly { readonly ipBlock?: Block }[] }[];
};

type Block = { readonly cidr: string; readonly except?: readonly string[] };

const NAMES = [
  "Deployment bulk-actions-api",
  "Deployment bulk-actions-worker",
  "Job bulk-actions-migrate",
  "Job bulk-actions-grants",
];
const [API, WORKER] = NAMES.map((name) => `${name}.spec.template.spec.containers.0`);
const WITH_RECORDS = `${NAMES.filter((_, index) => index !== 2).join("|")}.spec.template.spec`;
const PODS = `${NAMES.join("|")}.spec.template.spec`;
const SERVERS = `${NAMES.slice(0, 2).join("|")}.spec.template.spec`;
const RECORDS = "ConfigMap bulk-actions-records";
const SCALER = "ScaledObject bulk-actions-worker.spec";
const JOBS = `${NAMES.slice(2).join("|")}.spec.template.spec`;
const ENGINES = "NetworkPolicy bulk-actions-engines.spec";
const WEBHOOKS = "NetworkPolicy bulk-actions-webhooks.spec";
const NAME = { "app.kubernetes.io/name": "bulk-actions" };
const OF_API = { ...NAME, "app.kubernetes.io/component": "api" };
const OF_WORKER = { ...NAME, "app.kubernetes.io/component": "worker" };
const USER = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } };
const NO_MORE = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

/** Addresses on both sides of the borders that the policy and the worker draw. */
const ADDRESSES =
  `8.8.8.8 1.1.1.1 168.63.129.15 168.63.129.17 192.0.1.1 100.63.255.255 100.128.0.1 2620:fe::fe
  2606:2800:220:1::1 2001:4860:4860::8888 0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 169.254.169.254
  172.31.255.255 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.9 192.88.99.1 192.168.1.1 192.175.48.1
  198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 255.255.255.255 168.63.129.16 161.26.0.10 166.9.14.3 :: ::1
  64:ff9b::10.0.0.1 2001::1 2001:db8::1 2002:7f00:1:: 2620:4f:8000::1 3fff::1 4000::1 fc00::1 fd00:ec2::254
  fe80::1 ff02::1`.split(/\s+/);

holdAll(readManifests(), [
  [
    "Kubernetes and KEDA know and accept every field",
    findSchemaFaults,
    {
      "Deployment bulk-actions-api.spec.replcas": 2,
      "Job bulk-actions-migrate.spec.template.spec.containers.0.securityContext.readOnlyRootFileSystem": true,
      "Service bulk-actions-api.spec.ports.0.port": "eighty",
      "PodDisruptionBudget bulk-actions-worker.spec.maxUnavailble": 1,
      "NetworkPolicy bulk-actions-api.spec.podsSelector": {},
      "ScaledObject bulk-actions-worker.spec.pollInterval": 15,
      "TriggerAuthentication bulk-actions-scaler.spec.secretTargetRef.0.parameter": undefined,
      "Secret bulk-actions.stringdata": {},
      "Secret bulk-actions.kind": "Secrett",
    },
  ],
  [
    "every pod has rows in this table",
    (manifests) => Object.keys(manifests).filter((name) => hasPod(manifests, name) && !NAMES.includes(name)),
    { "Deployment other.spec.template": {} },
  ],
  ["a pod has one container", `${PODS}.containers.1`, undefined],
  ["a pod has no init container", `${PODS}.initContainers`, undefined],
  ["images are of this release", `${PODS}.containers.0.image`, isOfRelease, "bulk-actions:0.0.9"],
  [
    "commands run files that exist",
    `${PODS}.containers.0.args`,
    namesFile(/^node,([^,\s]+\.ts)(?=,|$)/),
    "node,main.ts",
  ],
  [
    "processes know and accept their variables",
    (manifests) =>
      listPods(manifests).flatMap(({ containers: [{ name, env }] }) =>
        findVariableFaults(Object.fromEntries(env.map((variable) => [variable.name, variable.value])), name),
      ),
    { [`${API}.env.PORT.name`]: "PROT", [`${API}.env.PORT.value`]: "http" },
  ],
  [
    "files that variables name are in secrets that the pod mounts",
    findMissingFiles,
    {
      "Secret bulk-actions.stringData.REDIS_URL": undefined,
      [`${WORKER}.env.REDIS_URL_FILE.value`]: "/run/secrets/bulk-actions/REDIS",
      [`${WORKER}.volumeMounts`]: [],
      [`${NAMES[0]}.spec.template.spec.volumes.secrets.secret.secretName`]: "bulk-actions-scaler",
    },
  ],
  ["API and workers mount the services' secret", `${SERVERS}.volumes.0.secret.secretName`, "bulk-actions"],
  ["API and workers mount no other secret", `${SERVERS}.volumes.1.secret`, undefined],
  ["API and workers mount nothing but that and the records", `${SERVERS}.volumes.2`, undefined],
  [
    "API, workers and the job of their rights know the records",
    `${WITH_RECORDS}.containers.0.env.RECORDS.value`,
    "/etc/bulk-actions/records.json",
  ],
  ["the migration needs no records", `${NAMES[2]}.spec.template.spec.containers.0.volumeMounts.1`, undefined],
  [
    "the file that RECORDS names is in the ConfigMap that the pod mounts",
    findMissingRecords,
    {
      [`${API}.env.RECORDS.value`]: "/etc/bulk-actions/record.json",
      [`${WORKER}.volumeMounts.records.mountPath`]: "/etc/bulk",
      [`${NAMES[3]}.spec.template.spec.volumes.records.configMap.name`]: "records",
      "ConfigMap bulk-actions-records.data": {},
    },
  ],
  ["the example declares the records of the sample shop", `${RECORDS}.data`, isOfSampleShop, {}],
  ["nobody writes what is mounted", `${PODS}.containers.0.volumeMounts.0.readOnly`, true, false],
  ["nobody writes the records", `${WITH_RECORDS}.containers.0.volumeMounts.records.readOnly`, true, false],
  ["the ops ports accept probes", `${SERVERS}.containers.0.env.OPS_HOST.value`, "0.0.0.0", "127.0.0.1"],
  ["the API's ops port is 3001", `${API}.env.OPS_PORT.value`, "3001"],
  ["the API's port named ops is 3001", `${API}.ports.ops.containerPort`, 3001],
  ["a worker's ops port is 3002", `${WORKER}.env.WORKER_OPS_PORT.value`, "3002"],
  ["a worker's port named ops is 3002", `${WORKER}.ports.ops.containerPort`, 3002],
  ["startup probes use the ops port", `${SERVERS}.containers.0.startupProbe.httpGet.port`, "ops"],
  ["liveness probes use the ops port", `${SERVERS}.containers.0.livenessProbe.httpGet.port`, "ops"],
  ["readiness probes use the ops port", `${SERVERS}.containers.0.readinessProbe.httpGet.port`, "ops"],
  ["workers stop within 20 seconds", `${WORKER}.env.SHUTDOWN_MS.value`, "20000"],
  ["workers get 35", `${NAMES[1]}.spec.template.spec.terminationGracePeriodSeconds`, isAtLeast(35), 34],
  ["the API waits 5 seconds, then stops within 10", `${API}.lifecycle.preStop.sleep.seconds`, 5],
  ["the API gets 30", `${NAMES[0]}.spec.template.spec.terminationGracePeriodSeconds`, isAtLeast(30), 29],
  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a root that is read-only.
  ["pods are restricted and not root", `${PODS}.securityContext`, { runAsNonRoot: true, ...USER }, USER],
  [
    "containers are restricted",
    `${PODS}.containers.0.securityContext`,
    { ...NO_MORE, readOnlyRootFilesystem: true },
    NO_MORE,
  ],
  ["pods have no service account token", `${PODS}.automountServiceAccountToken`, false, true],
  ["memory has a limit", `${PODS}.containers.0.resources.limits.memory`, /./],
  ["processor time is requested", `${PODS}.containers.0.resources.requests.cpu`, /./],
  ["the API's pods have its labels", `${NAMES[0]}.spec.template.metadata.labels`, OF_API],
  ["the workers' pods have their labels", `${NAMES[1]}.spec.template.metadata.labels`, OF_WORKER],
  [
    "the migration's pods have their labels",
    `${NAMES[2]}.spec.template.metadata.labels`,
    { ...NAME, "app.kubernetes.io/component": "migrate" },
  ],
  [
    "the pods of the rights' job have their labels",
    `${NAMES[3]}.spec.template.metadata.labels`,
    { ...NAME, "app.kubernetes.io/component": "grants" },
  ],
  [
    "both jobs mount the owner's secret",
    `${JOBS}.volumes.0.secret.secretName`,
    "bulk-actions-owner",
    "bulk-actions",
  ],
  ["the service selects the API", "Service bulk-actions-api.spec.selector", OF_API, NAME],
  ["the service does not expose the ops port", "Service bulk-actions-api.spec.ports.1", undefined],
  [
    "the API's disruption budget selects it",
    "PodDisruptionBudget bulk-actions-api.spec.selector.matchLabels",
    OF_API,
  ],
  [
    "the workers' disruption budget selects them",
    "PodDisruptionBudget bulk-actions-worker.spec.selector.matchLabels",
    OF_WORKER,
  ],
  [
    "a network policy protects the API",
    "NetworkPolicy bulk-actions-api.spec.podSelector.matchLabels",
    OF_API,
  ],
  [
    "a network policy protects workers",
    "NetworkPolicy bulk-actions-worker.spec.podSelector.matchLabels",
    OF_WORKER,
  ],
  ["a network policy selects all pods", `${ENGINES}.podSelector.matchLabels`, NAME, OF_API],
  ["that policy restricts what they reach", `${ENGINES}.policyTypes`, ["Ingress", "Egress"], ["Ingress"]],
  [
    "public addresses are for workers alone",
    (manifests) =>
      listPolicies(manifests)
        .filter((policy) => reaches(policy, "8.8.8.8") && !isForWorkers(policy))
        .map(({ podSelector }) => JSON.stringify(podSelector)),
    { [`${WEBHOOKS}.podSelector.matchLabels`]: NAME, [`${ENGINES}.egress.1.to.0.ipBlock.cidr`]: "0.0.0.0/0" },
  ],
  [
    "workers reach an address for a webhook exactly if the worker itself would",
    (manifests) => {
      const policies = listPolicies(manifests).filter(isForWorkers);
      const isReached = (address: string) => policies.some((policy) => reaches(policy, address));
      return ADDRESSES.filter((one) => isReached(one) !== isAllowedAddress(one, { allowsLoopback: false }));
    },
    {
      [`${WEBHOOKS}.podSelector.matchLabels`]: OF_API,
      [`${WEBHOOKS}.egress.0.to.0.ipBlock.except`]: [],
      [`${WEBHOOKS}.egress.0.to.1.ipBlock.except`]: [],
      [`${WEBHOOKS}.egress.0.to.1.ipBlock.cidr`]: "::/0",
    },
  ],
  ["the scaler scales the workers", `${SCALER}.scaleTargetRef.name`, "bulk-actions-worker"],
  ["workers set their concurrency", `${WORKER}.env.WORKER_CONCURRENCY.value`, "4"],
  ["the scaler's target is that concurrency", `${SCALER}.triggers.0.metadata.targetQueryValue`, "4"],
  ["workers set their window", `${WORKER}.env.WINDOW.value`, "4"],
  ["the scaler's query uses that window", `${SCALER}.triggers.0.metadata.query`, / LIMIT 4\)/, " LIMIT 8)"],
]);

function hasPod(manifests: Manifests, name: string): boolean {
  return readAt(manifests, `${name}.spec.template`) !== undefined;
}

function listPods(manifests: Manifests): readonly Pod[] {
  return NAMES.map((name) => readAt<Pod>(manifests, `${name}.spec.template.spec`));
}

function isOfRelease(image: unknown): boolean {
  return String(image).endsWith(`:${readManifest().version}`);
}

function findMissingFiles(manifests: Manifests): readonly string[] {
  return listPods(manifests).flatMap(({ containers: [{ env, volumeMounts }], volumes }) => {
    const files = volumeMounts.flatMap(({ name, mountPath }) => {
      const secret = volumes.find((volume) => volume.name === name)?.secret?.secretName;
      const keys = Object.keys(readAt(manifests, `Secret ${secret}.stringData`) ?? {});
      return keys.map((key) => `${mountPath}/${key}`);
    });
    const wanted = env.filter(({ name }) => name.endsWith("_FILE")).map(({ value }) => value);
    return wanted.filter((file) => !files.includes(file));
  });
}

function findMissingRecords(manifests: Manifests): readonly string[] {
  return listPods(manifests).flatMap(({ containers: [{ env, volumeMounts }], volumes }) => {
    const files = volumeMounts.flatMap(({ name, mountPath }) => {
      const map = volumes.find((volume) => volume.name === name)?.configMap?.name;
      return Object.keys(readAt(manifests, `ConfigMap ${map}.data`) ?? {}).map(
        (key) => `${mountPath}/${key}`,
      );
    });
    const wanted = env.filter(({ name }) => name === "RECORDS").map(({ value }) => value);
    return wanted.filter((file) => !files.includes(file));
  });
}

function isOfSampleShop(data: unknown): boolean {
  const { "records.json": text = "" } = (data || {}) as Readonly<Record<string, string>>;
  if (text === "") return false;
  return isDeepStrictEqual(parseRecords("the ConfigMap", text).records, openRecords().declaration.records);
}

function listPolicies(manifests: Manifests): readonly Policy[] {
  const names = Object.keys(manifests).filter((name) => name.startsWith("NetworkPolicy "));
  return names.map((name) => readAt<Policy>(manifests, `${name}.spec`));
}

function isForWorkers({ podSelector }: Policy): boolean {
  return podSelector.matchLabels["app.kubernetes.io/component"] === "worker";
}

function reaches({ egress = [] }: Policy, address: string): boolean {
  const blocks = egress.flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
  return blocks.some(({ cidr, except = [] }) => isWithin(address, [cidr]) && !isWithin(address, except));
}

function isWithin(address: string, ranges: readonly string[]): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", bits] = range.split("/");
    list.addSubnet(network, Number(bits), isIPv6(network) ? "ipv6" : "ipv4");
  }
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
