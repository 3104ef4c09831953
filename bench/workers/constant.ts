/** Floor: a body of the size that the path asks for, and nothing else. */
const bodies = new Map<string, string>();

export default {
  fetch(request: Request): Response {
    const path = new URL(request.url).pathname;
    const body = bodies.get(path) ?? "x".repeat(Number(path.slice(1)));
    bodies.set(path, body);
    return new Response(body, { headers: { "Content-Type": "application/json" } });
  },
};
