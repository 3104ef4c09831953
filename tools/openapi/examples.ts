import { paginate } from "../../src/sources/pagination.ts";
import { oauthSourceSchema, type SourcesPage, sourcesPageSchema } from "../../src/sources/source.ts";
import sample from "../sample-company.json" with { type: "json" };

/** Of the company that `npm run dev` shows. */
export const exampleSource = oauthSourceSchema.parse(sample.results.find(({ slug }) => slug === "github"));

/** The answer to `?search=github`. */
export const examplePage: SourcesPage = sourcesPageSchema.parse({
  pagination: paginate(1, 1, 100),
  results: [exampleSource],
});
