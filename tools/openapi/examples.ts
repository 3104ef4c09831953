import { paginate } from "../../src/source/pagination.ts";
import sample from "../sample-company.json" with { type: "json" };

/** Of the company that `npm run dev` shows. */
export const exampleSource = sourceOf("github");

function sourceOf(slug: string) {
  const source = sample.results.find((result) => result.slug === slug);
  if (!source) throw new Error(`the sample has no source ${slug}`);
  return source;
}

/** The answer to `?search=github`. */
export const examplePage = { pagination: paginate(1, 1, 100), results: [exampleSource] };
