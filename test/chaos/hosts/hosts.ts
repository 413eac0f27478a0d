import { bigintHost } from "./bigint-host.ts";
import type { ChaosHost } from "./chaos-host.ts";
import { ownHost } from "./own-host.ts";
import { strangerHost } from "./stranger-host.ts";
import { textHost } from "./text-host.ts";

/** Whose tables a run takes place on, by the name that `--host` takes. */
export const CHAOS_HOSTS = {
  own: ownHost,
  stranger: strangerHost,
  bigint: bigintHost,
  text: textHost,
} satisfies Readonly<Record<string, ChaosHost>>;

export type ChaosHostName = keyof typeof CHAOS_HOSTS;
