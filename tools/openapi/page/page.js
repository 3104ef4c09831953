/* global SwaggerUIBundle: of the script before this one */

// Its dark colours hang on a class of the root; the page has no switch of its own, it follows the system.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

/** The operations in which a text is found: in the path, in what it does, or in the name or the meaning of a parameter. */
function filterOperations(taggedOperations, phrase) {
  const wanted = phrase.toLowerCase();
  const has = (text) =>
    String(text ?? "")
      .toLowerCase()
      .includes(wanted);
  const isFound = (entry) => {
    const { summary, parameters = [] } = entry.get("operation").toJS();
    return (
      has(entry.get("path")) ||
      has(summary) ||
      parameters.some(({ name, description }) => has(name) || has(description))
    );
  };
  return taggedOperations
    .map((tag) => tag.update("operations", (operations) => operations.filter(isFound)))
    .filter((tag) => tag.get("operations").size > 0);
}

/** In place of the page's own, which says that it looks through tags. */
const searchField =
  ({ React }) =>
  ({ layoutSelectors, layoutActions }) => {
    const filter = layoutSelectors.currentFilter();
    return React.createElement(
      "div",
      { className: "wrapper search" },
      React.createElement("input", {
        type: "search",
        placeholder: "Search paths and parameters",
        "aria-label": "Search paths and parameters",
        value: typeof filter === "string" ? filter : "",
        onChange: ({ target }) => layoutActions.updateFilter(target.value),
      }),
    );
  };

/** The headers of all answers of an operation in one table, below the answers. */
const withHeaders = (Responses, { React, specSelectors }) =>
  function ResponsesWithHeaders(props) {
    const spec = specSelectors.specJson();
    const statuses = new Map();
    for (const [status, given] of props.responses.entries()) {
      const response = given.has("$ref") ? spec.getIn(given.get("$ref").split("/").slice(1)) : given;
      for (const name of response?.get("headers")?.keys() ?? [])
        statuses.set(name, [...(statuses.get(name) ?? []), status]);
    }
    const row = (Cell, ...texts) => {
      const cells = texts.map((text, i) => React.createElement(Cell, { key: i }, text));
      return React.createElement("tr", { key: texts[0] }, ...cells);
    };
    const Markdown = props.getComponent("Markdown", true);
    const rows = [...statuses].map(([name, of]) => {
      const source = spec.getIn(["components", "headers", name, "description"]);
      const isOfAll = of.length === props.responses.size;
      return row("td", name, isOfAll ? "all" : of.join(", "), React.createElement(Markdown, { source }));
    });
    const table = React.createElement(
      "table",
      { className: "all-headers" },
      React.createElement("caption", null, "Headers"),
      React.createElement("thead", null, row("th", "Name", "Answers", "Meaning")),
      React.createElement("tbody", null, ...rows),
    );
    return React.createElement(React.Fragment, null, React.createElement(Responses, props), rows.length > 0 && table);
  };

const quoted = (value) => JSON.stringify(value);

function fetchSample(request) {
  const { accept, ...headers } = request.get("headers").toJS();
  const lines = Object.entries(headers).map(([name, value]) => `  headers: { ${quoted(name)}: ${quoted(value)} },\n`);
  const options = lines.length === 0 ? "" : `, {\n${lines.join("")}}`;
  return `const response = await fetch(${quoted(request.get("url"))}${options});\nconsole.log(response.status, await response.json());`;
}

/** How the package's own client asks the same; it has the calls of sources and no others. */
function clientSample(request) {
  const { origin, pathname, searchParams } = new URL(request.get("url"), location.origin);
  const [, base, rest] = /^(.*)\/sources\/oauth\/(.*?)\/?$/.exec(pathname) ?? [];
  if (rest === undefined) return "// The typed client has the three calls of sources, and not this one.";
  const token = /^Bearer (.*)$/.exec(request.getIn(["headers", "Authorization"]) ?? "")?.[1] ?? "TOKEN";
  const query =
    searchParams.size === 0 ? "" : JSON.stringify(Object.fromEntries(searchParams), null, 1).replace(/\s+/g, " ");
  const calls = { "": `list(${query})`, source_types: `sourceTypes(${query})` };
  const call = calls[rest] ?? `retrieve(${quoted(decodeURIComponent(rest))})`;
  return `import { createSourcesClient } from "authentik-sources-edge/client";

const client = createSourcesClient(${quoted(origin + base)}, { token: ${quoted(token)} });
const response = await client.${call};
if (response.ok) console.log(await response.json());`;
}

/** The operation that was executed last. */
let executed;
document.addEventListener("click", ({ target }) => {
  if (target.matches(".btn.execute")) executed = target.closest(".opblock");
});

/** The answer is below the parameters: it comes into sight by itself. */
const showAnswer =
  (setResponse) =>
  (...given) => {
    setResponse(...given);
    requestAnimationFrame(() => executed?.querySelector(".responses-wrapper")?.scrollIntoView());
  };

const plugin = (system) => ({
  fn: {
    opsFilter: filterOperations,
    requestSnippetGenerator_fetch: fetchSample,
    requestSnippetGenerator_client: clientSample,
  },
  components: { FilterContainer: searchField(system) },
  wrapComponents: { headers: () => () => null, responses: withHeaders },
  statePlugins: { spec: { wrapActions: { setResponse: showAnswer } } },
});

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  plugins: [plugin],
  requestSnippetsEnabled: true,
  requestSnippets: {
    generators: {
      curl_bash: { title: "curl", syntax: "bash" },
      fetch: { title: "fetch", syntax: "javascript" },
      client: { title: "typed client", syntax: "javascript" },
    },
    languages: ["curl_bash", "fetch", "client"],
  },
  tryItOutEnabled: true,
  // A token is forgotten with the page, and nothing is sent to a validator of another host.
  persistAuthorization: false,
  validatorUrl: null,
});
