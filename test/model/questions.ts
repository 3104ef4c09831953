import { paginate } from "../../src/source/pagination.ts";
import { listKey, sourceKey } from "../../src/store/key.ts";
import type { State } from "./store.ts";

export const publicUrl = "https://authentik.example";

interface Source {
  name: string;
  slug: string;
  enabled: boolean;
}

export interface Question {
  path: string;
  /** Of the entry that caches have of it; undefined for what no cache may have. */
  key?: string;
  /** What the store's readers are given while it holds this. A status alone, where the body is an error's. */
  answer: (state: State) => { status: number; body?: string; isEmpty?: boolean; lastModified?: string };
}

/** As a reader sees it. */
const shown = (document: string) => {
  const source = JSON.parse(document);
  return JSON.stringify({ ...source, callback_url: `${publicUrl}/source/oauth/callback/${source.slug}/` });
};

interface Page {
  /** Its canonical query. */
  canonical?: string;
  page?: number;
  size?: number;
  isDescending?: boolean;
  where?: (source: Source) => boolean;
}

const list = (
  query: string,
  { canonical = query.slice(1), page = 1, size = 100, isDescending = false, where = () => true }: Page = {},
): Question => ({
  path: `/sources/oauth/${query}`,
  key: listKey(canonical, publicUrl),
  answer({ documents, beside, changedAt }) {
    // Names differ, so descending is ascending backwards.
    const found = documents.filter((document) => where(JSON.parse(document)));
    if (isDescending) found.reverse();
    const pagination = paginate(found.length, page, size);
    if (!pagination) return { status: 404, isEmpty: true };
    const results = found.slice((page - 1) * size, page * size).map(shown);
    const others = beside === "{}" ? "}" : `,${beside.slice(1)}`;
    const body = `{"pagination":${JSON.stringify(pagination)},"results":[${results}]${others}`;
    return { status: 200, body, isEmpty: results.length === 0, lastModified: new Date(changedAt).toUTCString() };
  },
});

const source = (slug: string): Question => ({
  path: `/sources/oauth/${slug}/`,
  key: sourceKey(slug, publicUrl),
  answer({ documents }) {
    const found = documents.find((document) => JSON.parse(document).slug === slug);
    return found ? { status: 200, body: shown(found) } : { status: 404, isEmpty: true };
  },
});

export const everything = list("");

/** Asked by readers, each of any isolate: what is asked often is what caches have. */
export const questions: Question[] = [
  everything,
  list("?page_size=1", { size: 1 }),
  list("?page_size=2&page=2", { canonical: "page=2&page_size=2", page: 2, size: 2 }),
  list("?ordering=-name&page_size=2", { isDescending: true, size: 2 }),
  list("?enabled=true", { where: ({ enabled }) => enabled }),
  list("?search=b&utm=1", {
    canonical: "search=B",
    where: ({ name, slug }) => `${name} ${slug}`.toUpperCase().includes("B"),
  }),
  list("?slug=a", { where: ({ slug }) => slug === "a" }),
  source("a"),
  source("b"),
  { path: "/sources/oauth/?page=0", answer: () => ({ status: 400 }) },
];

export const possibleKeys = new Set(questions.map(({ key }) => key).filter((key) => key !== undefined));
