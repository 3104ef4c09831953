// Run in a page. What there is that is wider than the window, words that have no room on a line, and text whose contrast to its
// ground is too small (WCAG 2.2, 1.4.3).

(() => {
  /** Red, green, blue, each 0 to 255, and how much of it covers what is below it. */
  const parse = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const blend = ({ rgb, alpha }, below) => rgb.map((value, i) => value * alpha + below[i] * (1 - alpha));

  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (a, b) => {
    const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (lighter + 0.05) / (darker + 0.05);
  };

  /** Its own and all around it, the outermost first. */
  const lineOf = (element) => (element ? [...lineOf(element.parentElement), element] : []);
  const ground = (line) =>
    line.reduce((below, element) => blend(parse(getComputedStyle(element).backgroundColor), below), [255, 255, 255]);

  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  const isInactive = (element) => element.closest("[disabled], .unlocked, .backdrop-ux ~ *") !== null;
  const name = (element) => `${element.tagName.toLowerCase()} "${element.textContent.trim().slice(0, 40)}"`;

  const visible = [...document.body.querySelectorAll("*")].filter((element) => element.checkVisibility());
  const scrolls = (element) => lineOf(element).some((each) => /auto|scroll/.test(getComputedStyle(each).overflowX));

  const wide = visible
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element))
    .map((element) => `wider than the window: ${name(element)}`);

  const faint = visible
    .filter((element) => hasText(element) && !isInactive(element))
    .flatMap((element) => {
      const line = lineOf(element);
      const { color, fontSize, fontWeight } = getComputedStyle(element);
      const opacity = line.reduce((product, each) => product * Number(getComputedStyle(each).opacity), 1);
      const below = ground(line);
      const { rgb, alpha } = parse(color);
      const found = contrast(blend({ rgb, alpha: alpha * opacity }, below), below);
      const size = Number.parseFloat(fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
      return found < (isLarge ? 3 : 4.5) ? [`contrast ${found.toFixed(2)}: ${name(element)}`] : [];
    });

  /** Code may break anywhere, and text between words; a name such as `user_path_template` is one word. */
  const brokenWords = (node) =>
    [...node.data.matchAll(/\w+/g)].filter(({ 0: word, index }) => {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1;
    });
  const broken = visible
    .filter((element) => !element.closest("pre"))
    .flatMap((element) => [...element.childNodes].filter((node) => node.nodeType === 3).flatMap(brokenWords))
    .map(([word]) => `broken over lines: ${word}`);

  if (document.documentElement.scrollWidth > innerWidth) wide.push("the page scrolls sideways");
  return [...new Set([...wide, ...broken, ...faint])];
})();
