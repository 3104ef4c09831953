import { describe, expect, it } from "vitest";
import { addressIn } from "../../tools/setup/deploy-worker.ts";

const session = JSON.stringify({ type: "wrangler-session", version: 1 });
const deployed = (...targets: string[]) => `${session}\n${JSON.stringify({ type: "deploy", targets })}\n`;

describe("the address of a deployed Worker", () => {
  it.each([
    ["on workers.dev", deployed("https://a.acme.workers.dev", "schedule: */5 * * * *"), "https://a.acme.workers.dev"],
    [
      "on a domain of one's own, first",
      deployed("https://a.acme.workers.dev", "sources.example (custom domain - zone name: example)"),
      "https://sources.example",
    ],
    ["nowhere", deployed("sources.example/* (zone name: example)", "schedule: */5 * * * *"), undefined],
    ["nowhere, where nothing was deployed", `${session}\n`, undefined],
  ])("is found %s", (_, output, address) => {
    expect(addressIn(output)).toBe(address);
  });
});
