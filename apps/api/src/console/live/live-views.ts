import { every } from "@bulk/service/timing/every";
import type { DashboardUser } from "../../sign-in/users.ts";

/** Parts of a page by the id of their element, as HTML. */
export type Fragments = Readonly<Record<string, string>>;

/** What some open pages show. */
export type LiveSource<Content> = {
  /** Pages with the same key show the same. */
  readonly key: string;
  /** Reads what is shown; `undefined` if it is gone. */
  load(): Promise<Content | undefined>;
  /** Renders it for users of this role. */
  render(content: Content, role: DashboardUser["role"]): Promise<Fragments>;
};

/** One open page. */
export type Viewer = {
  readonly role: DashboardUser["role"];
  /** Sends parts that have changed. Returns whether the browser took them; if not, the next ones are all parts. */
  send(fragments: Fragments): boolean;
  /** Called when what the page shows cannot be read now. The next `send` ends that, also one without parts. */
  stale(): void;
  /** Called when what the page shows is gone. */
  gone(): void;
};

/** The open pages of this process. */
export type LiveViews = {
  /** Shows a page what changes until `ended` is aborted. Returns `false` if too many pages are open. */
  join<Content>(source: LiveSource<Content>, viewer: Viewer, ended: AbortSignal): boolean;
  stop(): Promise<void>;
};

/** How many pages may be open at once. */
const MOST_VIEWERS = 2_000;

const INTERVAL_MS = 1_000;

/**
 * Opens the views. Each second everything that some page shows is read once and rendered once per role, for however many
 * pages show it; nothing is read while nobody looks. Pages get only the parts that have changed.
 */
export function openLiveViews(onError: (error: unknown) => void): LiveViews {
  const rooms = new Map<string, Room>();
  const series = every(INTERVAL_MS, () => refreshAll(rooms, onError), onError);
  return {
    join(source, viewer, ended) {
      if (countViewers(rooms) >= MOST_VIEWERS) return false;
      const room = rooms.get(source.key) ?? openRoom(source);
      rooms.set(source.key, room);
      room.viewers.set(viewer, {});
      ended.addEventListener("abort", () => {
        room.viewers.delete(viewer);
        if (room.viewers.size === 0) rooms.delete(source.key);
      });
      return true;
    },
    stop: series.stop,
  };
}

type Room = {
  /** What each viewer has. */
  readonly viewers: Map<Viewer, Fragments>;
  /** Returns what viewers of this role should have; `undefined` if it is gone. */
  readonly read: () => Promise<((role: DashboardUser["role"]) => Promise<Fragments>) | undefined>;
  /** Whether the last reading failed. */
  isStale: boolean;
};

function openRoom<Content>({ load, render }: LiveSource<Content>): Room {
  return {
    viewers: new Map(),
    isStale: false,
    async read() {
      const content = await load();
      if (content === undefined) return undefined;
      const rendered = new Map<DashboardUser["role"], Promise<Fragments>>();
      return (role) => {
        const known = rendered.get(role) ?? render(content, role);
        rendered.set(role, known);
        return known;
      };
    },
  };
}

function countViewers(rooms: ReadonlyMap<string, Room>): number {
  return [...rooms.values()].reduce((sum, { viewers }) => sum + viewers.size, 0);
}

// One that cannot be read must not keep the others from it.
async function refreshAll(
  rooms: ReadonlyMap<string, Room>,
  onError: (error: unknown) => void,
): Promise<void> {
  await Promise.all(
    [...rooms.values()].map((room) =>
      refresh(room).catch((error: unknown) => {
        room.isStale = true;
        for (const viewer of room.viewers.keys()) viewer.stale();
        onError(error);
      }),
    ),
  );
}

async function refresh(room: Room): Promise<void> {
  const { viewers, isStale: wasStale } = room;
  const renderFor = await room.read();
  room.isStale = false;
  for (const [viewer, seen] of [...viewers]) {
    if (renderFor === undefined) viewer.gone();
    else {
      const latest = await renderFor(viewer.role);
      const changed = findChanged(seen, latest);
      const isTaken = (Object.keys(changed).length === 0 && !wasStale) || viewer.send(changed);
      if (viewers.has(viewer)) viewers.set(viewer, isTaken ? latest : {});
    }
  }
}

function findChanged(seen: Fragments, latest: Fragments): Fragments {
  return Object.fromEntries(Object.entries(latest).filter(([id, html]) => seen[id] !== html));
}
