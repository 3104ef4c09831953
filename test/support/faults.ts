import type { ServerResponse } from "node:http";

/** What a store may do to a request, given a way to have the real answer; `over` resolves when another fault is set. */
type Fault = (response: ServerResponse, ask: () => Promise<string>, over: Promise<void>) => Promise<void> | void;

interface Result {
  cols: object[];
  rows: { type: string; value?: unknown }[][];
}

const json = { "Content-Type": "application/json" };

const answerWith =
  (status: number): Fault =>
  (response) => {
    response.writeHead(status, json).end(JSON.stringify({ error: `fault ${status}` }));
  };

/** Passes the real answer on, with every result of a query changed. */
const change =
  (edit: (result: Result) => void): Fault =>
  async (response, ask) => {
    const body = JSON.parse(await ask());
    for (const { response: part } of body.results) {
      const results: (Result | null)[] = part?.result?.step_results ?? [part?.result ?? null];
      for (const result of results) if (result?.rows?.length) edit(result);
    }
    response.writeHead(200, json).end(JSON.stringify(body));
  };

/** A list begins with a row of its state; other results hold no JSON arrays. */
const isList = ({ rows }: Result) => String(rows[0]?.[0]?.value).startsWith("[");
/** The first row that is a source. */
const source = 1;

const pass: Fault = async (response, ask) => {
  response.writeHead(200, json).end(await ask());
};

export const faults: Record<string, Fault> = {
  none: pass,
  slow: async (response, ask, over) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return pass(response, ask, over);
  },
  held: async (response, ask, over) => {
    const answer = await ask();
    await over;
    return pass(response, async () => answer, over);
  },
  refuse: (response) => {
    response.socket?.destroy();
  },
  hang: () => {},
  drip: (response) => {
    response.writeHead(200, json);
    const timer = setInterval(() => response.write(" "), 100);
    response.once("close", () => clearInterval(timer));
  },
  "too long": (response) => {
    response.writeHead(200, json).end(" ".repeat(17 * 1024 * 1024));
  },
  endless: (response) => {
    response.writeHead(200, json);
    const chunk = " ".repeat(1024 * 1024);
    const write = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", write).on("error", () => {});
    write();
  },
  redirect: (response) => {
    response.writeHead(307, { Location: "pipeline" }).end();
  },
  "500": answerWith(500),
  "502": answerWith(502),
  "503": answerWith(503),
  "504": answerWith(504),
  html: (response) => {
    response
      .writeHead(200, { "Content-Type": "text/html" })
      .end("<!doctype html><title>Sign in to the network</title>");
  },
  truncated: async (response, ask) => {
    const body = await ask();
    response.writeHead(200, json).end(body.slice(0, body.length / 2));
  },
  "pipeline error": (response) => {
    const error = { type: "error", error: { message: "database disk image is malformed", code: "SQLITE_CORRUPT" } };
    response
      .writeHead(200, json)
      .end(JSON.stringify({ baton: null, base_url: null, results: [error, error, error, error] }));
  },
  "missing column": change((result) => {
    if (!isList(result)) return;
    result.cols.pop();
    for (const row of result.rows) row.pop();
  }),
  "no rows": change((result) => {
    if (isList(result)) result.rows = [];
  }),
  null: change((result) => {
    if (isList(result)) result.rows[source]?.splice(0, 1, { type: "null" });
  }),
  "a number": change((result) => {
    if (isList(result)) result.rows[source]?.splice(0, 1, { type: "float", value: 7 });
  }),
  "text that is no object": change((result) => {
    if (isList(result)) result.rows[source]?.splice(0, 1, { type: "text", value: "[]" });
  }),
  "half an object": change((result) => {
    const value = result.rows[source]?.[0];
    if (isList(result) && value) value.value = String(value.value).slice(0, -10);
  }),
  "a row less": change((result) => {
    if (isList(result)) result.rows.pop();
  }),
  "a row more": change((result) => {
    if (isList(result)) result.rows.push(result.rows[source] ?? []);
  }),
  "no count": change((result) => {
    if (isList(result)) result.rows[0]?.splice(0, 1, { type: "text", value: '[null,0,"{}"]' });
  }),
};
