// The page on which a bulk action is submitted: sends a file of ids, and nothing twice. All but files works without it.

const form = document.getElementById("new");
const state = document.getElementById("file-state");
const progress = document.getElementById("file-progress");
const sent = document.getElementById("file-sent");
let isSending = false;
const faults = document.getElementById("file-faults");
const result = document.getElementById("file-result");

document.getElementById("faults")?.focus();
if (form !== null) {
  form.addEventListener("submit", takeFile);
  // A preview is of the form as it was.
  form.addEventListener("input", () => isSending || result.replaceChildren());
}
window.addEventListener("beforeunload", (event) => isSending && event.preventDefault());
const confirmation = document.getElementById("confirm");
if (confirmation !== null) submitOnce(confirmation);

/** A second click on a button sends nothing. A page that the browser kept, and shows again, may be sent again. */
function submitOnce(sending) {
  let isSent = false;
  sending.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });
  window.addEventListener("pageshow", () => {
    isSent = false;
  });
}

function takeFile(event) {
  if (!document.getElementById("way-file").checked) return;
  event.preventDefault();
  const input = document.getElementById("file");
  const [file] = input.files;
  if (file === undefined) {
    state.textContent = "Choose a file first.";
    input.focus();
    return;
  }
  void check(file);
}

async function check(file) {
  const content = new FormData(form);
  const target = new URLSearchParams({
    account: content.get("account"),
    action_type: content.get("action_type"),
    restorable: String(content.get("restorable") !== "false"),
  });
  result.replaceChildren();
  const answer = await send(`${form.dataset.check}?${target}`, file, {}, "Checking the file");
  if (answer === undefined) return;
  if (!answer.isAccepted) return showFaults(answer);
  result.innerHTML = answer.html;
  document.getElementById("file-title").focus();
  const confirmed = document.getElementById("file-confirm");
  confirmed?.addEventListener("submit", (event) => {
    event.preventDefault();
    void upload(confirmed, file);
  });
}

async function upload(confirmed, file) {
  const count = document.getElementById("count");
  const typed = count.value.replaceAll(/[\s,]/g, "");
  if (typed !== confirmed.dataset.count) {
    count.setAttribute("aria-invalid", "true");
    state.textContent = "The number you typed is not the number of ids. Nothing was submitted.";
    count.focus();
    return;
  }
  const headers = { "Bulk-Expected-Count": typed, "Idempotency-Key": confirmed.dataset.key };
  const answer = await send(confirmed.dataset.upload, file, headers, "Submitting the file");
  if (answer?.isAccepted) location.assign(answer.location);
  else if (answer !== undefined) showFaults(answer);
}

// The server has rendered them. What waits for its confirmation stays, with its key.
function showFaults({ html, error }) {
  if (html === undefined) faults.textContent = error;
  else faults.innerHTML = html;
  document.getElementById("faults")?.focus();
}

/** Sends a file, with its progress on the page. Returns what the server says; `undefined` if it was stopped or not sent. */
async function send(url, file, headers, doing) {
  if (isSending) return undefined;
  isSending = true;
  faults.replaceChildren();
  progress.hidden = false;
  sent.value = 0;
  state.textContent = `${doing}.`;
  try {
    return await post(url, file, headers, (share) => {
      sent.value = 100 * share;
      if (share === 1) state.textContent = `${doing}: all is sent.`;
    });
  } catch (error) {
    state.textContent = error.message;
    return undefined;
  } finally {
    isSending = false;
    progress.hidden = true;
  }
}

const NOT_SENT =
  "The connection broke off. If a submission was in progress, press Submit again: it is not done twice.";

// `fetch` does not say how much is sent.
function post(url, file, headers, onShare) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", typeOf(file.name));
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      onShare(total === 0 ? 1 : loaded / total),
    );
    request.addEventListener("error", () => reject(new Error(NOT_SENT)));
    request.addEventListener("abort", () => reject(new Error("Stopped.")));
    request.addEventListener("load", () => {
      state.textContent = "";
      const isJson = request.getResponseHeader("Content-Type")?.startsWith("application/json");
      const content = isJson ? JSON.parse(request.responseText) : { html: request.responseText };
      resolve({ ...content, isAccepted: request.status === 200 });
    });
    document.getElementById("file-stop").onclick = () => request.abort();
    request.send(file);
  });
}

function typeOf(name) {
  return /\.(?:ndjson|jsonl)$/i.test(name) ? "application/x-ndjson" : "text/csv";
}
