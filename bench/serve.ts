import { readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

export interface ServedWorker {
  name: string;
  /** The bundled script. */
  script: string;
  bindings: Record<string, string>;
  /** Values that are no text. */
  jsonBindings?: Record<string, Record<string, string>>;
  port: number;
}

/**
 * A process of its own, so that it can be pinned: the runtime with every Worker of the bench behind a socket of its own, not
 * behind `wrangler dev`, which is a proxy and several times slower.
 */
const [, , described = "[]", inspectorPort] = process.argv;
const workers: ServedWorker[] = JSON.parse(described);

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    // Every request's line of log is written, as in production, and thrown away here.
    handleStructuredLogs: () => {},
    ...(inspectorPort && { inspectorPort: Number(inspectorPort) }),
    workers: workers.map(({ name, script, bindings, jsonBindings, port }) => ({
      name,
      modules: [{ type: "ESModule" as const, path: "worker.js", contents: readFileSync(script, "utf8") }],
      compatibilityDate: "2026-10-01",
      bindings: { ...bindings, ...jsonBindings },
      unsafeDirectSockets: [{ host: "127.0.0.1", port }],
    })),
  }),
);
await miniflare.ready;
console.log("ready");
