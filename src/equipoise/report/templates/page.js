"use strict";
// Draws the charts from the numbers in #payload and lets the choices at the top steer all of them.
(function () {
  const root = document.documentElement;
  const payload = JSON.parse(document.getElementById("payload").textContent);
  const lookups = payload.lookups;
  const views = [];

  function expand(table) {
    return table.rows.map(function (row) {
      const record = {};
      table.columns.forEach(function (column, i) { record[column] = row[i]; });
      if ("treatment" in record) {
        record.label = lookups.treatment[record.treatment];
        record.family = lookups.family[record.treatment];
      }
      if ("verdict" in record) record.word = lookups.verdict[record.verdict];
      if ("scope" in record) record.table = lookups.scope[record.scope];
      if ("against" in record) record.opponent = lookups.against[record.against];
      return record;
    });
  }

  const tables = {};
  Object.keys(payload.tables).forEach(function (name) { tables[name] = expand(payload.tables[name]); });

  // The tooltips of all marks that a chart shows now, from its first row to its last.
  function tips(chart, view) {
    const found = new Map();
    (function visit(item, top) {
      const tip = item.tooltip;
      const y = Math.round(top + (item.bounds ? item.bounds.y1 + item.bounds.y2 : 0) / 2);
      if (tip && typeof tip === "object") found.set(JSON.stringify(tip), { tip: tip, y: y });
      (item.items || []).forEach(function (child) { visit(child, top + (item.y || 0)); });
    })(view.scenegraph().root, 0);
    const rows = Array.from(found.values());
    if (chart.listed) rows.sort(function (a, b) { return a.y - b.y; });
    return rows.map(function (row) { return row.tip; });
  }

  function rowOf(kind, texts, numeric) {
    const made = document.createElement("tr");
    texts.forEach(function (text, i) {
      const cell = made.appendChild(document.createElement(kind));
      cell.textContent = text;
      if (numeric[i]) cell.className = "num";
    });
    return made;
  }

  function tableOf(rows) {
    const table = document.createElement("table");
    const names = Object.keys(rows[0] || {}).filter(function (name) {
      return rows.some(function (tip) { return tip[name] !== "–"; });
    });
    const numeric = names.map(function (name) {
      return rows.every(function (tip) { return /^(–|[+−-]?[\d.,]+[%µmkM]?)$/.test(tip[name]); });
    });
    table.createTHead().append(rowOf("th", names, numeric));
    const body = table.createTBody();
    rows.forEach(function (tip) {
      body.append(rowOf("td", names.map(function (name) { return tip[name]; }), numeric));
    });
    return table;
  }

  // A mouse reads values from a chart; a fold with the same values is for keys, screen readers and fingers.
  function offerValues(chart, view, place) {
    const fold = document.createElement("details");
    fold.className = "values";
    const summary = fold.appendChild(document.createElement("summary"));
    summary.textContent = "Values";
    summary.setAttribute("aria-label", "Values of the chart: " + chart.title);
    const box = fold.appendChild(document.createElement("div"));
    box.className = "scroll";
    function fill() {
      if (fold.open) box.replaceChildren(tableOf(tips(chart, view)));
    }
    fold.addEventListener("toggle", fill);
    place.after(fold);
    return fill;
  }

  // Slanted names above the last column would stick out of a narrow screen.
  function standUpright(axes) {
    axes.forEach(function (axis) {
      if (axis.orient !== "top" || !axis.labelAngle) return;
      Object.assign(axis, { labelAngle: -90, labelAlign: "left", labelBaseline: "middle" });
    });
  }

  async function draw(chart) {
    const place = document.getElementById("chart-" + chart.name);
    try {
      const spec = chart.spec;
      const limit = Math.round(place.clientWidth * 0.44);
      spec.config.axisY.labelLimit = Math.max(96, Math.min(230, limit));
      if (place.clientWidth < 500) standUpright(spec.axes || []);
      spec.data.forEach(function (data) {
        if (data.name === chart.table) data.values = tables[chart.table];
      });
      const result = await window.vegaEmbed(place, spec, {
        mode: "vega", renderer: "svg", actions: false, tooltip: { theme: "custom" }, logLevel: 1,
      });
      chart.steers.forEach(function (name) {
        const select = document.querySelector('select[data-steer="' + name + '"]');
        if (select) result.view.signal(name, Number(select.value));
      });
      await result.view.runAsync();
      views.push({ view: result.view, names: chart.steers, values: offerValues(chart, result.view, place) });
    } catch (error) {
      place.textContent = "This chart could not be drawn: " + error.message;
      root.dataset.broken = String(Number(root.dataset.broken || 0) + 1);
    }
  }

  // A chart in a closed fold has no width yet: it is drawn when the fold opens.
  function folded(chart) {
    return document.getElementById("chart-" + chart.name).closest("details:not([open])");
  }

  let waiting = payload.charts;
  let drawing = Promise.resolve();
  async function drawWaiting() {
    const now = waiting.filter(function (chart) { return !folded(chart); });
    waiting = waiting.filter(folded);
    for (const chart of now) await draw(chart);
    root.dataset.drawn = String(views.length);
  }

  function drawAll() {
    drawing = drawing.then(drawWaiting);
    return drawing;
  }

  function openAll() {
    const closed = document.querySelectorAll("details:not([open], .values)");
    closed.forEach(function (d) { d.open = true; });
    return closed;
  }

  document.querySelectorAll("select[data-steer]").forEach(function (select) {
    select.addEventListener("change", function () {
      document.querySelectorAll('select[data-steer="' + select.dataset.steer + '"]').forEach(function (twin) {
        twin.value = select.value;
      });
      views.forEach(function (entry) {
        if (!entry.names.includes(select.dataset.steer)) return;
        entry.view.signal(select.dataset.steer, Number(select.value)).runAsync().then(entry.values);
      });
    });
  });
  window.addEventListener("beforeprint", openAll);

  // The browser's own command prints at once, before charts in folds are drawn; this waits for them.
  const print = document.createElement("button");
  print.type = "button";
  print.textContent = "Print";
  print.addEventListener("click", async function () {
    const opened = openAll();
    await drawAll();
    window.print();
    opened.forEach(function (d) { d.open = false; });
  });
  document.querySelector("nav").append(print);

  if (location.hash === "#open") openAll();
  document.querySelectorAll("details").forEach(function (d) { d.addEventListener("toggle", drawAll); });
  drawAll();
})();
