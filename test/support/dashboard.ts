import { digestPassword } from "@bulk/service/password-digest";

/** What Bull Board shows of a job. */
export type BoardJob = {
  readonly id: string;
  readonly name: string;
  readonly progress: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly returnValue: Readonly<Record<string, unknown>>;
  readonly failedReason?: string;
  readonly stacktrace: readonly string[];
  readonly externalUrl?: { readonly href: string };
};

export type BoardQueue = {
  readonly name: string;
  readonly isPaused: boolean;
  readonly readOnlyMode: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly jobs: readonly BoardJob[];
};

/** The dashboard as somebody's browser uses it. */
export type Dashboard = {
  readonly cookies: readonly string[];
  /** A page or a call under `/dashboard`; redirects are answered, not followed. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** All queues, with the jobs of one state of the bulk actions' queue. */
  queues(state: string): Promise<readonly BoardQueue[]>;
  jobs(state: string): Promise<readonly BoardJob[]>;
  /** Clicks something of the bulk actions' queue. */
  change(path: string, method?: string, body?: object): Promise<Response>;
};

/** An operator and a viewer, as in `DASHBOARD_USERS`. */
export async function writeUsers(): Promise<readonly string[]> {
  return [
    `anna:operator:${await digestPassword(PASSWORDS.anna)}`,
    `ben:viewer:${await digestPassword(PASSWORDS.ben)}`,
  ];
}

export const PASSWORDS = { anna: "an operator's password", ben: "a viewer's password" } as const;

/** Answers to a sign-in. */
export function postSignIn(
  opsUrl: string,
  form: Readonly<Record<string, string>>,
  headers = {},
): Promise<Response> {
  const body = new URLSearchParams(form);
  return fetch(`${opsUrl}/dashboard/login`, { method: "POST", body, headers, redirect: "manual" });
}

/** The dashboard as one of them sees it. */
export async function signIn(opsUrl: string, name: keyof typeof PASSWORDS): Promise<Dashboard> {
  const answer = await postSignIn(opsUrl, { name, password: PASSWORDS[name] });
  const [cookie = ""] = answer.headers.getSetCookie();
  return openDashboard(opsUrl, cookie.split(";", 1));
}

/** The dashboard with these cookies; with none as a stranger sees it. */
export function openDashboard(opsUrl: string, cookies: readonly string[] = []): Dashboard {
  function request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { cookie: cookies.join("; "), ...init.headers };
    return fetch(`${opsUrl}/dashboard${path}`, { redirect: "manual", ...init, headers });
  }
  async function queues(state: string): Promise<readonly BoardQueue[]> {
    const query = `activeQueue=bulk-actions&status=${state}&page=1&jobsPerPage=50`;
    const response = await request(`/api/queues?${query}`);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return ((await response.json()) as { queues: readonly BoardQueue[] }).queues;
  }
  return {
    ...{ cookies, request, queues },
    async jobs(state) {
      return (await queues(state)).find(({ name }) => name === "bulk-actions")?.jobs ?? [];
    },
    change(path, method = "PUT", body = {}) {
      const headers = { "content-type": "application/json" };
      return request(`/api/queues/bulk-actions${path}`, { method, headers, body: JSON.stringify(body) });
    },
  };
}
