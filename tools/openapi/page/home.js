import { oddities } from "./oddities.js";

const element = (id) => document.getElementById(id);

/** What is shown for each status that /readyz gives, and for what else can come. `ago` is undefined where no sync ever ran. */
const states = {
  ready: {
    label: "Ready",
    age: (ago) => (ago ? `In step with authentik ${ago}` : "Age unknown: no sync with authentik has run"),
  },
  stale: {
    label: "Out of date",
    age: (ago) => (ago ? `In step with authentik ${ago}, longer than allowed here` : "No sync with authentik has run"),
  },
  unavailable: {
    label: "Store unavailable",
    age: () => "Age unknown: only what is cached can be served",
  },
  failed: {
    label: "Failing",
    age: () => "Age unknown: the service answers with an error",
  },
  unknown: {
    label: "Unknown",
    age: () => "Age unknown: this page cannot reach the service",
  },
};

const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

function ago(seconds) {
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en").format(-Math.floor(seconds / length), unit);
}

async function readStatus() {
  try {
    const response = await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    const body = await response.json().catch(() => ({}));
    const isKnown = ["ready", "stale", "unavailable"].includes(body.status);
    return {
      name: isKnown ? body.status : response.ok ? "unknown" : "failed",
      seconds: body.sync?.age_seconds,
      problem: body.problem,
    };
  } catch {
    return { name: "unknown" };
  }
}

/** The token that was entered, or that of `npm run dev`: nowhere but here, so that it goes with the page. */
let token = document.body.dataset.developmentToken;

async function showStatus() {
  const [{ name, seconds, problem = "" }, details] = await Promise.all([readStatus(), token && readDetails()]);
  const { label, age } = states[name];
  element("status").dataset.state = name;
  element("state").textContent = label;
  element("age").textContent = age(seconds === undefined ? undefined : ago(seconds));
  element("problem").textContent = problem;
  element("problem").hidden = problem === "";
  if (details) showDetails(details, name === "ready" && seconds === undefined);
}

const refusals = {
  403: "This token may not view sources.",
  429: "Too many requests with this token: try again in a minute.",
  503: "The store cannot be asked: try again in a moment.",
};

/** What /status says; undefined where it refuses, which is then shown. */
async function readDetails() {
  let status;
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch("/status", { cache: "no-store", headers, signal });
    status = response.status;
    if (response.ok) return await response.json();
  } catch {
    // No network, or a token of characters that no header may have.
  }
  token = undefined;
  element("refusal").textContent = refusals[status] ?? "The service does not answer this token.";
  element("details").hidden = true;
  element("entrance").hidden = false;
  element("entry").focus();
  return undefined;
}

/** What follows where one of these is not set. */
const consequences = {
  AUTHENTIK_TOKEN: "no sync runs here",
  AUTHENTIK_URL: "callback URLs are built on this address",
  SYNC_HOOK_SECRET: "authentik’s webhook is refused",
  SYNC_RUNNER: "there is no webhook, and failed runs are not tried again",
  TOKEN_LIMIT: "readers are not limited",
  ADDRESS_LIMIT: "guesses at tokens are not limited",
};

/** A mark for each outcome, which says it without its colour too. */
const marks = { changed: "●", unchanged: "○", superseded: "–", failed: "✕" };

/** An element with text or elements in it. */
function make(name, content = [], className = "") {
  const made = document.createElement(name);
  made.append(...[content].flat());
  made.className = className;
  return made;
}

const row = (name, content) => make("div", [make("dt", name), make("dd", content)]);

/** A number, and below it the lines that belong to it. */
const counted = (text, lines) =>
  lines.length === 0
    ? text
    : [
        text,
        make(
          "ul",
          lines.map((line) => make("li", line)),
        ),
      ];

function showDetails({ sources, icons, warnings, runs, not_configured: lacks }, isUnsynced) {
  const isIdle = lacks.includes("AUTHENTIK_TOKEN");
  if (isIdle && isUnsynced) element("age").textContent = "Not kept in step: AUTHENTIK_TOKEN is not set";
  const odd = warnings.first.map(({ source, key, what }) => `${source ?? "list"}: ${key} ${oddities[what] ?? what}`);
  const more = warnings.count - odd.length;
  element("figures").replaceChildren(
    row("Sources", String(sources)),
    row("Icons", counted(`${icons.stored} stored, ${icons.failed} could not be had`, icons.first_failed)),
    row("Warnings", counted(String(warnings.count), more > 0 ? [...odd, `and ${more} more`] : odd)),
    row(
      "Not set",
      lacks.length === 0
        ? "Nothing is missing"
        : counted(
            "",
            lacks.map((name) => [make("code", name), `: ${consequences[name]}`]),
          ),
    ),
  );
  const none = isIdle ? "None: AUTHENTIK_TOKEN is not set, so no sync runs here." : "There has been none yet.";
  element("runs").replaceChildren(...(runs.length === 0 ? [make("li", none, "none")] : runs.map(lineOf)));
  element("entrance").hidden = true;
  element("details").hidden = false;
}

function lineOf({ started_at: at, duration_ms: ms, trigger, outcome, warnings, reason }) {
  const mark = make("span", marks[outcome] ?? "?", "mark");
  mark.ariaHidden = "true";
  const time = make("time", ago(Math.max(0, (Date.now() - Date.parse(at)) / 1000)));
  time.dateTime = at;
  time.title = at;
  const odd = warnings > 0 ? `, ${warnings} ${warnings === 1 ? "warning" : "warnings"}` : "";
  const line = make(
    "li",
    [mark, make("span", [make("b", outcome), " ", time, `, by ${trigger}, ${ms} ms${odd}`])],
    outcome,
  );
  if (reason) line.lastChild.append(make("span", reason, "reason"));
  return line;
}

element("state").textContent = "Asking…";
element("age").textContent = "Asking…";
element("entrance").hidden = token !== undefined;
showStatus();
document.addEventListener("visibilitychange", () => document.hidden || showStatus());
element("entrance").addEventListener("submit", (event) => {
  event.preventDefault();
  token = element("entry").value.trim();
  element("entry").value = "";
  showStatus();
});

element("origin").textContent = location.origin;
if (token) {
  element("bearer").textContent = token;
  element("advice").textContent = "This is the token of npm run dev.";
}

// Browsers have a clipboard for pages of https and of this machine only; elsewhere the text can be selected.
if (navigator.clipboard) {
  const copy = element("copy");
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(element("command").textContent);
    copy.textContent = "Copied";
    setTimeout(() => {
      copy.textContent = "Copy";
    }, 2_000);
  });
}
