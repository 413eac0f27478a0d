import { BlockList, isIPv6 } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { isAllowedAddress } from "@bulk/webhooks/target";
import { expect, test } from "vitest";
import { findSchemaFaults, type Manifest, readManifests } from "../support/manifests.ts";
import { findVariableFaults, OURS, type Ours } from "../support/own-services.ts";
import { isThere, readManifest } from "../support/repository.ts";

type Probe = { readonly httpGet: { readonly path: string; readonly port: string } };

type Container = {
  readonly name: Ours;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly securityContext?: object;
  readonly resources?: { readonly requests?: object; readonly limits?: object };
};

type Labels = Readonly<Record<string, string>>;

type Pod = {
  readonly metadata: { readonly labels: Labels };
  readonly spec: {
    readonly containers: readonly [Container];
    readonly securityContext?: object;
    readonly automountServiceAccountToken?: boolean;
    readonly terminationGracePeriodSeconds?: number;
  };
};

/** How long each takes beside its own limit: preStop, connections, the last export of spans. */
const MARGIN_SECONDS = 15;

test("the manifests are what Kubernetes and KEDA understand, and fit the services and one another", () => {
  const manifests = readAll();
  expect(findSchemaFaults(manifests)).toEqual([]);
  expect(findFaults(manifests)).toEqual([]);
  expect(manifests.length).toBeGreaterThan(10);
});

test("a field that is misspelled, missing, of another type or of an unknown kind is noticed", () => {
  const broken = changeAll([
    ["Deployment", '"replicas":2', '"replcas":2'],
    ["Job", '"readOnlyRootFilesystem":true', '"readOnlyRootFileSystem":true'],
    ["Service", '"port":80', '"port":"eighty"'],
    ["PodDisruptionBudget", '"maxUnavailable"', '"maxUnavailble"'],
    ["NetworkPolicy", '"podSelector"', '"podsSelector"'],
    ["ScaledObject", '"pollingInterval"', '"pollInterval"'],
    ["TriggerAuthentication", '"parameter":"connection",', ""],
    ["Secret", '"kind":"Secret"', '"kind":"Secrett"'],
  ]);
  const faults = findSchemaFaults(broken).join("\n");
  for (const word of ["replcas", "readOnlyRootFileSystem", "maxUnavailble", "podsSelector", "pollInterval"]) {
    expect(faults).toContain(`'"${word}"' does not exist`);
  }
  for (const word of [
    "port must be integer",
    "v1/Secrett is unknown",
    "must have required property parameter",
  ]) {
    expect(faults).toContain(word);
  }
});

test.each<[string, string, string, string, string]>([
  ["another release", "Deployment", ":0.2.0", ":0.0.9", "bulk-actions:0.0.9 is not the version"],
  ["a command without its file", "Deployment", "apps/api/src", "apps/api", "apps/api/main.ts does not exist"],
  ["a variable nobody reads", "Deployment", '"PORT"', '"PROT"', "PROT is unknown"],
  [
    "a value that is refused",
    "Deployment",
    '"value":"3000"',
    '"value":"http"',
    "PORT: must be a whole number",
  ],
  ["a probe elsewhere", "Deployment", '"containerPort":3001', '"containerPort":3000', "ops is not OPS_PORT"],
  [
    "ops ports on loopback",
    "Deployment",
    '"OPS_HOST","value":"0.0.0.0"',
    '"OPS_HOST","value":"127.0.0.1"',
    "not answer probes",
  ],
  ["no liveness", "Deployment", '"livenessProbe"', '"anyProbe"', "no livenessProbe"],
  [
    "too little time to stop",
    "Deployment",
    '"terminationGracePeriodSeconds":40',
    '"terminationGracePeriodSeconds":20',
    "too little time to stop",
  ],
  ["root", "Job", '"runAsNonRoot":true', '"runAsNonRoot":false', "not restricted"],
  [
    "a root that can be written",
    "Job",
    '"readOnlyRootFilesystem":true',
    '"readOnlyRootFilesystem":false',
    "not restricted",
  ],
  [
    "a token of the cluster",
    "Job",
    '"automountServiceAccountToken":false',
    '"automountServiceAccountToken":true',
    "not restricted",
  ],
  ["memory without limit", "Job", '"limits"', '"limit"', "no limit on memory"],
  [
    "a secret that is nowhere",
    "Job",
    "/run/secrets/bulk-actions-owner/DATABASE_URL",
    "/run/secrets/bulk-actions-owner/DB",
    "DB is in no secret",
  ],
  [
    "a service as the owner",
    "Deployment",
    "/run/secrets/bulk-actions/DATABASE_URL",
    "/run/secrets/bulk-actions-owner/DATABASE_URL",
    "acts as the owner",
  ],
  [
    "a budget for nobody",
    "PodDisruptionBudget",
    '"matchLabels":{"app.',
    '"matchLabels":{"none.',
    "selects no pod",
  ],
  ["a policy for nobody", "NetworkPolicy", '"matchLabels":{"app.', '"matchLabels":{"none.', "selects no pod"],
  [
    "another concurrency",
    "ScaledObject",
    '"targetQueryValue":"4"',
    '"targetQueryValue":"8"',
    "not WORKER_CONCURRENCY",
  ],
  ["another window", "ScaledObject", "LIMIT 4", "LIMIT 8", "not WINDOW"],
  [
    "a target that is nowhere",
    "ScaledObject",
    '"scaleTargetRef":{"name":"bulk-actions-worker"',
    '"scaleTargetRef":{"name":"worker"',
    "scales nothing",
  ],
])("%s is noticed", (_fault, kind, part, replacement, expected) => {
  expect(findFaults(changeAll([[kind, part, replacement]])).join("\n")).toContain(expected);
});

test("every pod has a policy of what it reaches, and public addresses are for workers alone", () => {
  const policies = listPolicies().filter(({ policyTypes }) => policyTypes.includes("Egress"));
  const open = policies.filter((policy) => listBlocks(policy).some(({ cidr }) => cidr.endsWith("/0")));
  const components = (some: readonly Policy[]) =>
    readAll()
      .flatMap(findPods)
      .map(({ metadata: { labels } }) => labels)
      .filter((labels) => some.some(({ podSelector }) => isSelected(labels, podSelector.matchLabels)))
      .map((labels) => labels["app.kubernetes.io/component"]);
  expect(components(policies).sort()).toEqual(["api", "migrate", "worker"]);
  expect(components(open)).toEqual(["worker"]);
});

test.each([
  ..."8.8.8.8 1.1.1.1 168.63.129.15 168.63.129.17 192.0.1.1 100.63.255.255 100.128.0.1".split(" "),
  ..."2606:2800:220:1::1 2620:fe::fe 2001:4860:4860::8888".split(" "),
  ..."0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 169.254.169.254 172.31.255.255".split(" "),
  ..."192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.9 192.88.99.1 192.168.1.1 192.175.48.1".split(" "),
  ..."198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 255.255.255.255".split(" "),
  ..."168.63.129.16 161.26.0.10 166.9.14.3 :: ::1 64:ff9b::10.0.0.1 2001::1 2001:db8::1".split(" "),
  ..."2002:7f00:1:: 2620:4f:8000::1 3fff::1 4000::1 fc00::1 fd00:ec2::254 fe80::1 ff02::1".split(" "),
])("workers reach %s for a webhook exactly if the worker itself would", (address) => {
  const blocks = listPolicies()
    .filter(({ podSelector }) => podSelector.matchLabels["app.kubernetes.io/component"] === "worker")
    .flatMap(listBlocks);
  const isReached = blocks.some(
    ({ cidr, except = [] }) => isWithin(address, [cidr]) && !isWithin(address, except),
  );
  expect(isReached).toBe(isAllowedAddress(address, { allowsLoopback: false }));
});

type Block = { readonly cidr: string; readonly except?: readonly string[] };

type Policy = {
  readonly podSelector: { readonly matchLabels: Labels };
  readonly policyTypes: readonly string[];
  readonly egress?: readonly { readonly to: readonly { readonly ipBlock?: Block }[] }[];
};

function listPolicies(): readonly Policy[] {
  return readAll()
    .filter(({ kind }) => kind === "NetworkPolicy")
    .map(({ spec }) => spec as Policy);
}

function listBlocks({ egress = [] }: Policy): readonly Block[] {
  return egress.flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
}

function isWithin(address: string, ranges: readonly string[]): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", bits] = range.split("/");
    list.addSubnet(network, Number(bits), isIPv6(network) ? "ipv6" : "ipv4");
  }
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

function readAll(): readonly Manifest[] {
  return [...readManifests().values()].flat();
}

type Change = readonly [kind: string, part: string, replacement: string];

/** All manifests, with each change made in the first of its kind that has the part. */
function changeAll(changes: readonly Change[]): readonly Manifest[] {
  const texts = readAll().map((manifest) => JSON.stringify(manifest));
  for (const [kind, part, replacement] of changes) {
    const index = texts.findIndex(
      (text) => text.includes(`"kind":"${kind}"`) && text.replace(part, "") !== text,
    );
    expect(index, `${kind} with ${part}`).toBeGreaterThanOrEqual(0);
    texts[index] = texts[index]?.replace(part, replacement) ?? "";
  }
  return texts.map((text) => JSON.parse(text) as Manifest);
}

function findFaults(manifests: readonly Manifest[]): readonly string[] {
  const pods = manifests.flatMap(findPods);
  const secrets = listSecrets(manifests);
  return [
    ...pods.flatMap((pod) => {
      const [container] = pod.spec.containers;
      return [
        ...findImageFaults(container),
        ...findVariableFaults(readVariables(container), container.name),
        ...findSecretFaults(container, secrets),
        ...findProbeFaults(container),
        ...findStopFaults(container, pod),
        ...findRightsFaults(container, pod),
      ].map((fault) => `${container.name}: ${fault}`);
    }),
    ...manifests.flatMap((manifest) => findSelectorFaults(manifest, pods)),
    ...manifests
      .filter(({ kind }) => kind === "ScaledObject")
      .flatMap((one) => findScalerFaults(one, manifests)),
  ];
}

function findPods({ kind, spec }: Manifest): readonly Pod[] {
  return ["Deployment", "Job"].includes(kind) ? [(spec as { readonly template: Pod }).template] : [];
}

/** The files that secrets become in the pods. */
function listSecrets(manifests: readonly Manifest[]): readonly string[] {
  return manifests
    .filter(({ kind }) => kind === "Secret")
    .flatMap(({ metadata, stringData }) =>
      Object.keys(stringData ?? {}).map((key) => `/run/secrets/${metadata.name}/${key}`),
    );
}

function readVariables({ env }: Container): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

function findImageFaults({ image, args: [program, ...files] }: Container): readonly string[] {
  return [
    ...(image.endsWith(`:${readManifest().version}`) ? [] : [`${image} is not the version of the tree`]),
    ...(program === "node" && files.length > 0 ? [] : [`runs ${program}`]),
    ...files.filter((file) => !isThere(file)).map((file) => `${file} does not exist`),
  ];
}

function findSecretFaults({ name, env }: Container, secrets: readonly string[]): readonly string[] {
  const files = env.filter((variable) => variable.name.endsWith("_FILE")).map(({ value }) => value);
  const isOwner = files.some((file) => file.startsWith("/run/secrets/bulk-actions-owner/"));
  return [
    ...files.filter((file) => !secrets.includes(file)).map((file) => `${file} is in no secret`),
    ...(isOwner && name !== "migrate" ? ["acts as the owner"] : []),
  ];
}

function findProbeFaults(container: Container): readonly string[] {
  const variables = readVariables(container);
  const variable = OURS[container.name].opsPort;
  if (variable === undefined) return [];
  const port = container.ports?.find(({ name }) => name === "ops")?.containerPort;
  return [
    ...(variables["OPS_HOST"] === "0.0.0.0" ? [] : ["loopback does not answer probes"]),
    ...(String(port) === variables[variable] ? [] : [`the port ops is not ${variable}`]),
    ...(["startupProbe", "livenessProbe", "readinessProbe"] as const)
      .filter((probe) => container[probe]?.httpGet.port !== "ops")
      .map((probe) => `no ${probe} of the ops port`),
  ];
}

function findStopFaults({ name, env, lifecycle }: Container, { spec }: Pod): readonly string[] {
  if (name === "migrate") return [];
  const shutdownMs = Number(env.find((variable) => variable.name === "SHUTDOWN_MS")?.value ?? 10_000);
  const needed = (lifecycle?.preStop.sleep.seconds ?? 0) + shutdownMs / 1_000 + MARGIN_SECONDS;
  return (spec.terminationGracePeriodSeconds ?? 30) >= needed ? [] : ["too little time to stop"];
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a root that is read-only. */
function findRightsFaults({ securityContext, resources }: Container, { spec }: Pod): readonly string[] {
  const rights = { ...spec.securityContext, ...securityContext, token: spec.automountServiceAccountToken };
  const isRestricted = isDeepStrictEqual(rights, {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    seccompProfile: { type: "RuntimeDefault" },
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
    token: false,
  });
  return [
    ...(isRestricted ? [] : ["is not restricted"]),
    ...("memory" in (resources?.limits ?? {}) ? [] : ["no limit on memory"]),
    ...("cpu" in (resources?.requests ?? {}) ? [] : ["no request of processor time"]),
  ];
}

function findSelectorFaults(manifest: Manifest, pods: readonly Pod[]): readonly string[] {
  const selector = findSelector(manifest);
  if (selector === undefined) return [];
  const isMet = pods.some(({ metadata: { labels } }) => isSelected(labels, selector));
  return isMet ? [] : [`${manifest.kind} ${manifest.metadata.name} selects no pod`];
}

function isSelected(labels: Labels, selector: Labels): boolean {
  return Object.entries(selector).every(([label, value]) => labels[label] === value);
}

function findSelector({ kind, spec }: Manifest): Labels | undefined {
  const { selector, podSelector } = (spec ?? {}) as {
    readonly selector?: Labels | { readonly matchLabels: Labels };
    readonly podSelector?: { readonly matchLabels: Labels };
  };
  if (kind === "Service") return selector as Labels;
  return podSelector?.matchLabels ?? (selector as { readonly matchLabels: Labels } | undefined)?.matchLabels;
}

type Scaler = {
  readonly scaleTargetRef: { readonly name: string };
  readonly triggers: readonly [
    { readonly metadata: { readonly query: string; readonly targetQueryValue: string } },
  ];
};

function findScalerFaults({ spec }: Manifest, manifests: readonly Manifest[]): readonly string[] {
  const { scaleTargetRef, triggers } = spec as Scaler;
  const [{ metadata }] = triggers;
  const target = manifests.find(
    ({ kind, metadata: { name } }) => kind === "Deployment" && name === scaleTargetRef.name,
  );
  const [pod] = target === undefined ? [] : findPods(target);
  if (pod === undefined) return [`${scaleTargetRef.name} is no Deployment: it scales nothing`];
  const variables = readVariables(pod.spec.containers[0]);
  return [
    ...(metadata.targetQueryValue === variables["WORKER_CONCURRENCY"]
      ? []
      : ["the target is not WORKER_CONCURRENCY"]),
    ...(metadata.query.includes(` LIMIT ${variables["WINDOW"]})`) ? [] : ["the limit is not WINDOW"]),
  ];
}
