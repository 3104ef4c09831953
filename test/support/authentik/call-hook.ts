import type { Row } from "./tables.ts";

/** What authentik's own client says of an answer that is no good, and of none. */
const words = (status: number, url: unknown) =>
  `${status} ${status < 500 ? "Client" : "Server"} Error: for url: ${url}`;

/**
 * Calls a transport's webhook as authentik does, with what its mappings give, in the place of Python a `return` of JSON.
 * @returns what the test of a transport answers
 */
export async function callHook(transport: Row, mappings: Row[]): Promise<{ status?: number; json: unknown }> {
  const evaluate = (field: string) => {
    const mapping = mappings.find(({ pk }) => pk === transport[field]);
    const [, json] = /^return (.*)$/.exec(String(mapping?.expression)) ?? [];
    return json === undefined ? undefined : JSON.parse(json);
  };
  const body = evaluate("webhook_mapping_body") ?? evaluate("webhook_mapping") ?? { body: "Test Notification" };
  try {
    const response = await fetch(String(transport.webhook_url), {
      method: "POST",
      headers: { "Content-Type": "application/json", ...evaluate("webhook_mapping_headers") },
      body: JSON.stringify(body),
    });
    const { status } = response;
    if (status >= 400) return { status: 500, json: words(status, transport.webhook_url) };
    return { json: { messages: [String(status), await response.text()] } };
  } catch {
    return { status: 500, json: "HTTPSConnectionPool: Max retries exceeded" };
  }
}
