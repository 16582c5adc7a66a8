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
      return record;
    });
  }

  const tables = {};
  Object.keys(payload.tables).forEach(function (name) { tables[name] = expand(payload.tables[name]); });

  async function draw(chart) {
    const place = document.getElementById("chart-" + chart.name);
    try {
      const spec = chart.spec;
      const limit = Math.round(place.clientWidth * 0.44);
      spec.config.axisY.labelLimit = Math.max(96, Math.min(230, limit));
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
      views.push({ view: result.view, names: chart.steers });
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
    const closed = document.querySelectorAll("details:not([open])");
    closed.forEach(function (d) { d.open = true; });
    return closed;
  }

  document.querySelectorAll("select[data-steer]").forEach(function (select) {
    select.addEventListener("change", function () {
      views.forEach(function (entry) {
        if (!entry.names.includes(select.dataset.steer)) return;
        entry.view.signal(select.dataset.steer, Number(select.value)).runAsync();
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
