import { expect, it } from "vitest";
import { cacheStatus, startApp } from "../support/app.ts";
import { createStore, readFixture } from "../support/store.ts";

it.each([
  ["slug", "slug,name"],
  ["-slug", "-slug,slug,-name,enabled"],
  ["enabled,slug", "enabled,slug,-pk"],
  ["-pk", "-pk,name"],
  ["name", "name,pk,-slug"],
])("ordering by %s is one cache entry with %s, since no two sources are equal there", async (ordering, longer) => {
  const store = await createStore();
  await store.load(await readFixture("company"));
  const app = startApp(store);
  const body = await (await app.list(`ordering=${ordering}`)).text();
  const response = await app.list(`ordering=${longer}`);
  expect(cacheStatus(response)).toMatch(/^hit/);
  expect(await response.text()).toBe(body);
});
