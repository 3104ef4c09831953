// Holds P2: docs/promises.md.

import { describe, expect, it } from "vitest";
import { startApp } from "../support/app.ts";
import { createStore, readFixture, token } from "../support/store.ts";

describe("while the store is down", () => {
  it.each([
    ["an empty list", "/sources/oauth/?search=nothing-has-this", 200, 3_605],
    ["a page beyond the end", "/sources/oauth/?page=99", 404, 3_605],
    ["a slug that nobody has", "/sources/oauth/nobody/", 404, 3_605],
    ["a list with sources in it", "/sources/oauth/", 200, 86_430],
  ])("%s is served for as long as it should", async (_, path, status, seconds) => {
    const store = await createStore();
    await store.load(await readFixture("company"));
    const clock = { now: Date.now() };
    const app = startApp(store, { clock });
    const headers = { Authorization: `Bearer ${token}` };
    expect((await app.send(path, headers)).status).toBe(status);
    await app.settle();
    // The token's verdict has a time of its own, and is renewed.
    app.wait(seconds - 10);
    await store.load(await readFixture("company"));
    expect((await app.send("/sources/oauth/?page_size=1", headers)).status).toBe(200);
    await store.fault("500");
    app.wait(9);
    expect((await app.send(path, headers)).status).toBe(status);
    app.wait(5);
    expect((await app.send(path, headers)).status).toBe(503);
  });
});
