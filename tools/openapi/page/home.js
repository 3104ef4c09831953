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

async function showStatus() {
  const { name, seconds, problem = "" } = await readStatus();
  const { label, age } = states[name];
  element("status").dataset.state = name;
  element("state").textContent = label;
  element("age").textContent = age(seconds === undefined ? undefined : ago(seconds));
  element("problem").textContent = problem;
  element("problem").hidden = problem === "";
}

element("state").textContent = "Asking…";
element("age").textContent = "Asking…";
showStatus();
document.addEventListener("visibilitychange", () => document.hidden || showStatus());

element("origin").textContent = location.origin;

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
