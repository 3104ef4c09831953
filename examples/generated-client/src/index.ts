import createClient from "openapi-fetch";
import type { paths } from "./openapi.js";

const { SOURCES_URL = "http://localhost:8787", SOURCES_TOKEN = "dev-token" } = process.env;

const client = createClient<paths>({
  baseUrl: SOURCES_URL,
  headers: { Authorization: `Bearer ${SOURCES_TOKEN}` },
});

const list = await client.GET("/sources/oauth/", {
  params: { query: { search: "git", ordering: "-slug", page_size: 10 } },
});
if (list.error) throw new Error(JSON.stringify(list.error));
for (const { slug, type } of list.data.results) console.log(`${slug}: ${type.verbose_name}`);

const [first] = list.data.results;
if (first) {
  const source = await client.GET("/sources/oauth/{slug}/", { params: { path: { slug: first.slug } } });
  console.log(source.data?.callback_url);
}

const types = await client.GET("/sources/oauth/source_types/");
console.log(`${types.data?.length} types`);

// What went wrong has a type, too: it names the parameters that there are.
const refused = await client.GET("/sources/oauth/", { params: { query: { page: 0 } } });
if (refused.error && "page" in refused.error) console.log(refused.error.page?.join(" "));
