import { expect, it } from "vitest";
import type { OAuthSource } from "../../src/source/source.ts";
import { createStore, readFixture } from "../support/store.ts";
import { startWorker } from "../support/worker.ts";

const [source] = (await readFixture("company")).results as [OAuthSource];

it.each([
  ["wechat", "wechat"],
  ["Open_ID-2", "Open_ID-2"],
  ["../../../media/evil", "default"],
  ["..", "default"],
  ["google.svg?x=", "default"],
  ["google.svg#", "default"],
  ["a/b", "default"],
  ["a\\b", "default"],
  ["%2e%2e%2f", "default"],
  ["google\n", "default"],
  ["", "default"],
])("the default icon of a type that is called %j is %s.svg", async (name, file) => {
  const store = await createStore();
  await store.load([{ ...source, icon: null, provider_type: "novel", type: { ...source.type, name } }]);
  const { results } = await (await startWorker(store).list()).json<{ results: OAuthSource[] }>();
  expect(results[0]).toMatchObject({ icon: `/static/authentik/sources/${file}.svg`, type: { name } });
});
