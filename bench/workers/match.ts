/** Floor: the Cache API's `match`, for a body of the size that the path asks for (`/SIZE/KEY`). */
const cache = caches.open("bench");

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const key = `https://bench.internal${pathname}`;
    const found = await (await cache).match(key);
    if (found) return found;
    const body = "x".repeat(Number(pathname.split("/")[1]));
    await (await cache).put(key, new Response(body, { headers: { "Cache-Control": "max-age=3600" } }));
    return new Response(body);
  },
};
