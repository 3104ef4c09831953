interface Env {
  LIBSQL_URL: string;
  /** By path, what the edge sends to the store for the same page. */
  PIPELINES: Record<string, string>;
}

/** Floor: one POST to the store with the statements of a page, and its rows through JSON once. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const body = env.PIPELINES[new URL(request.url).pathname] ?? "";
    const response = await fetch(`${env.LIBSQL_URL}/v2/pipeline`, { method: "POST", body });
    return Response.json(await response.json());
  },
};
