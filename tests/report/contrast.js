// Gives every visible text whose contrast with what lies behind it is below what WCAG 2.2 asks (4.5, or 3 if large).
(function () {
  const all = document.createElement("style");
  all.textContent = "* { pointer-events: auto !important; }"; // or nothing in a chart could be pointed at
  document.head.append(all);

  function colour(text) {
    const parts = (text.match(/[\d.]+/g) || []).map(Number);
    return parts.length < 3 ? null : { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  }

  function over(top, below) {
    return below.map(function (c, i) { return top.alpha * top.rgb[i] + (1 - top.alpha) * c; });
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map(function (c) {
      return c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function opacity(element) {
    let found = 1;
    for (let e = element; e; e = e.parentElement) found *= Number(getComputedStyle(e).opacity);
    return found;
  }

  const drawn = function (e) { return e instanceof SVGElement; };
  // A halo is a text with a thick outline in the colour of the paper, behind the same text.
  const halo = function (e) { return e instanceof SVGTextElement && parseFloat(getComputedStyle(e).strokeWidth) >= 3; };

  // The colour that an element lays at a point, or null.
  function laid(element, x, y) {
    const style = getComputedStyle(element);
    if (!drawn(element)) return colour(style.backgroundColor);
    if (halo(element)) return colour(style.stroke);
    if (!(element instanceof SVGGeometryElement) || style.fill === "none") return null;
    const at = new DOMPoint(x, y).matrixTransform(element.getScreenCTM().inverse());
    if (!element.isPointInFill(at)) return null;
    const fill = colour(style.fill);
    if (fill) fill.alpha *= Number(style.fillOpacity) * opacity(element);
    return fill;
  }

  const found = { checked: 0, poor: [] };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("script, style, option") || halo(element)) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getClientRects()[0];
    if (!box || box.width < 1 || box.height < 1) continue;
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    const stack = document.elementsFromPoint(x, y);
    const place = stack.indexOf(element);
    if (place < 0) continue; // it has been scrolled out of its box
    const behind = stack.slice(drawn(element) ? place + 1 : place);
    const paper = behind.reduceRight(function (below, e) {
      const layer = laid(e, x, y);
      return layer ? over(layer, below) : below;
    }, [255, 255, 255]);
    const style = getComputedStyle(element);
    const ink = colour(drawn(element) ? style.fill : style.color);
    ink.alpha *= opacity(element) * (drawn(element) ? Number(style.fillOpacity) : 1);
    const pair = [luminance(over(ink, paper)), luminance(paper)].sort(function (a, b) { return b - a; });
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    found.checked += 1;
    if (ratio < (large ? 3 : 4.5)) {
      const where = element.closest("section[id], [id]");
      const rounded = paper.map(Math.round).join(" ");
      found.poor.push(`${ratio.toFixed(2)} "${node.data.trim().slice(0, 40)}" on ${rounded} in ${where && where.id}`);
    }
  }
  all.remove();
  return found;
})();
