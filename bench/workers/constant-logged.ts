import constant from "./constant.ts";

/** Floor: the constant body, and a line of log as long as the edge's. */
export default {
  fetch(request: Request): Response {
    console.log(
      JSON.stringify({ method: request.method, path: request.url, status: 200, cache: "hit", store: 0, ms: 0 }),
    );
    return constant.fetch(request);
  },
};
