// Before `npm run dev` and `npm test`. Any Node runs this file: one that cannot run the tools gets a sentence in place of a stack.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    "This needs Node 22.18 or newer, and this is " +
      process.versions.node +
      ". `npm ci` brings one along, unless it was told --ignore-scripts: run `npm rebuild node`, and then this again.",
  );
  process.exitCode = 1;
}
