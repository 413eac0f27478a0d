// What the console does in the browser: times in the viewer's zone, and pages that change while they are open. Every page
// works without it.

const SHORT = new Intl.DateTimeFormat(undefined, {
  ...{ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
});
const EXACT = new Intl.DateTimeFormat(undefined, {
  ...{
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  },
  ...{ fractionalSecondDigits: 3, timeZoneName: "long" },
});

function localize(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    element.textContent = SHORT.format(moment);
    element.title = `${EXACT.format(moment)} (${moment.toISOString()})`;
  }
}

// Keeps focus, selection and scroll of what has not changed.
function showPart(id, html) {
  const element = document.getElementById(id);
  if (element === null) return;
  const template = document.createElement("template");
  template.innerHTML = html;
  localize(template.content);
  // An opened detail stays open.
  const callbacks = {
    beforeAttributeUpdated: (name, node) => !(name === "open" && node.localName === "details"),
  };
  Idiomorph.morph(element, template.content.childNodes, { morphStyle: "innerHTML", callbacks });
}

function say(words) {
  const state = document.getElementById("live-state");
  if (state.textContent !== words) state.textContent = words;
}

/** How long to wait before asking again after a refusal; after a lost connection the browser itself tries again. */
const AGAIN_MS = 5_000;

function follow(url) {
  let source;
  function open() {
    source?.close();
    source = new EventSource(url);
    source.addEventListener("open", () => say(""));
    source.addEventListener("stale", () => say("Not live: the database does not respond. Trying again."));
    source.addEventListener("parts", ({ data }) => {
      say("");
      for (const [id, html] of Object.entries(JSON.parse(data))) showPart(id, html);
    });
    source.addEventListener("gone", () => location.reload());
    source.addEventListener("signed_out", () => {
      // It would ask again, and be refused, before the page is gone.
      source.close();
      location.reload();
    });
    source.addEventListener("error", () => {
      say("Not live: the connection is lost. Trying again.");
      if (source.readyState === EventSource.CLOSED) setTimeout(reopen, AGAIN_MS);
    });
  }
  // The session may have ended; then this page is the sign-in.
  async function reopen() {
    const response = await fetch(location.href, { redirect: "manual" }).catch(() => undefined);
    if (response?.type === "opaqueredirect" || response?.status === 404) location.reload();
    else open();
  }
  // A page that nobody sees costs nothing.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source.close();
    else open();
  });
  open();
}

localize(document);
const { live } = document.body.dataset;
if (live !== undefined) follow(live);
