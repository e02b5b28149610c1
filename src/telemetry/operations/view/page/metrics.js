// Metrics: histograms as rows of buckets, darker where there are more; counters and gauges as bars.

import { bidi, button, element, empty } from "./element.js";
import { counted, quantity } from "./amount.js";
import { matching, pairs, recording, texts, traceOf, who } from "./recording.js";
import { go } from "./place.js";
import { Rows } from "./rows.js";

const MOST = 200;

export function quantile(series, share) {
  const wanted = series.count * share;
  let before = 0;
  for (let index = 0; index < series.buckets.length; index++) {
    const upto = before + series.buckets[index];
    if (upto >= wanted && series.buckets[index]) {
      const [low, high] = [index ? series.bounds[index - 1] : Math.min(0, series.bounds[0] ?? 0), series.bounds[index]];
      return high === undefined ? low : low + (high - low) * ((wanted - before) / series.buckets[index]);
    }
    before = upto;
  }
  return NaN;
}

export class Metrics {
  constructor() {
    this.found = recording.metrics;
    this.search = element("input", { type: "search", placeholder: "Search metrics", "aria-label": "Search metrics", spellcheck: "false", oninput: () => this.update(),
      onkeydown: (event) => { if (event.key === "ArrowDown" || event.key === "Enter") { this.rows.element.focus(); this.rows.select(Math.max(this.rows.selected, 0)); event.preventDefault(); } } });
    this.said = element("span", { class: "said" });
    this.rows = new Rows({ role: "listbox", rowRole: "option", label: "Metrics", height: 44, className: "metriclist", make: () => this.make(), fill: (row, index) => this.fill(row, index),
      onselect: (index) => go({ metric: this.found[index].name }, { replace: true }), onopen: () => this.detail.focus() });
    this.detail = element("section", { class: "metric", "aria-label": "Metric", tabindex: "-1" });
    this.element = element("div", { class: "split" }, element("nav", { class: "list", "aria-label": "Metrics" }, element("div", { class: "tools" }, this.search, this.said), this.rows.element), this.detail);
    this.update();
  }

  update() {
    const word = this.search.value.trim().toLowerCase();
    const found = word ? matching(word) : null;
    this.found = recording.metrics.filter((metric) => !word || metric.name.toLowerCase().includes(word) || metric.series.some((each) => each.labels.some((text) => found.has(text))));
    this.said.textContent = this.found.length === recording.metrics.length ? counted(this.found.length, "metric") : `${this.found.length} of ${recording.metrics.length}`;
    this.rows.show(this.found.length, this.found.findIndex((metric) => metric.name === this.shown));
  }

  make() {
    const parts = { name: bidi("", "row-name"), about: element("span", { class: "about" }) };
    return Object.assign(element("div", {}, element("div", { class: "line" }, parts.name), element("div", { class: "line" }, parts.about)), { parts });
  }

  fill(row, index) {
    const metric = this.found[index];
    row.parts.name.textContent = metric.name.slice(0, 200);
    row.parts.about.textContent = `${metric.kind} · ${metric.series.length} series`;
  }

  show(where) {
    const metric = recording.metrics.find((each) => each.name === where.metric) ?? this.found[0];
    if (!metric) { this.detail.replaceChildren(empty("No metrics were recorded", "Metrics are in the journal of a process that recorded some, and in a bundle of it.")); return; }
    const index = this.found.indexOf(metric);
    if (index !== this.rows.selected) this.rows.select(index, { quiet: true });
    else this.rows.draw();
    if (this.shown === metric.name) return;
    this.shown = metric.name;
    this.draw(metric, MOST);
  }

  draw(metric, most) {
    const shown = metric.series.slice(0, most);
    const more = metric.series.length - shown.length;
    this.detail.replaceChildren(
      element("h1", {}, bidi(metric.name)), element("p", { class: "about" }, bidi(metric.description || "No description.")),
      element("p", { class: "about", text: [metric.kind, metric.unit && `in ${metric.unit}`, `${metric.series.length} series`, "as they stood at the last sign of life"].filter(Boolean).join(" · ") }),
      ...(metric.kind === "histogram" ? shown.map((each) => this.histogram(metric, each)) : [this.bars(metric, shown)]),
      more > 0 ? button(`Show ${more} more`, () => this.draw(metric, Infinity), { class: "plain" }) : "");
  }

  labels(series) {
    const found = pairs(series.labels);
    return element("div", { class: "labels" }, found.length ? found.map(([name, text]) => element("span", { class: "field" }, bidi(name, "field-name"), "=", bidi(text.slice(0, 120)))) : element("span", { class: "about", text: "no labels" }),
      recording.processes.length > 1 ? element("span", { class: "about", text: who(series.process) }) : "");
  }

  histogram(metric, series) {
    const most = Math.max(...series.buckets, 1);
    const first = series.buckets.findIndex((count) => count);
    const text = series.count ? [counted(series.count, "observation"), `mean ${quantity(series.value / series.count, metric.unit)}`,
      `p50 ≈ ${quantity(quantile(series, 0.5), metric.unit)}`, `p95 ≈ ${quantity(quantile(series, 0.95), metric.unit)}`].join(" · ") : "no observation";
    const cells = series.buckets.map((count, index) => this.bucket(metric, series, count, index, most));
    return element("div", { class: "series" }, this.labels(series), element("p", { class: "number-line", text }),
      first < 0 && !series.buckets.length ? null : element("div", { class: "heat", role: "img", "aria-label": `Buckets: ${text}` }, cells),
      this.exemplars(metric, series));
  }

  bucket(metric, series, count, index, most) {
    const bound = series.bounds[index];
    const name = bound === undefined ? `> ${quantity(series.bounds.at(-1) ?? 0, metric.unit)}` : `≤ ${quantity(bound, metric.unit)}`;
    const bar = element("span", { class: "heat-bar" });
    bar.style.height = `${count ? Math.max((count / most) * 100, 6) : 0}%`;
    bar.style.opacity = String(count ? 0.35 + 0.65 * (count / most) : 0);
    return element("span", { class: "heat-cell", title: `${name}: ${counted(count, "observation")}` }, element("span", { class: "heat-room" }, bar),
      element("span", { class: "heat-count", text: count ? count.toLocaleString("en") : "" }), element("span", { class: "heat-bound", text: name }));
  }

  exemplars(metric, series) {
    if (!series.exemplars.length) return null;
    return element("p", { class: "exemplars" }, element("span", { class: "about", text: "Exemplars" }), series.exemplars.map(([value, trace, span]) => traceOf(trace)
      ? button(quantity(value, metric.unit), () => go({ view: "", trace, span }), { class: "exemplar", title: `Open the trace of this observation: ${traceOf(trace).title.slice(0, 200)}` })
      : element("span", { class: "exemplar lost", text: quantity(value, metric.unit), title: "Its trace is not in this recording" })));
  }

  bars(metric, shown) {
    const most = Math.max(...shown.map((each) => Math.abs(Number(each.value)) || 0), 0) || 1;
    return element("div", { class: "bars" }, shown.map((each) => {
      const bar = element("span", { class: "value-bar" });
      bar.style.width = `${Math.min(Math.abs(Number(each.value) || 0) / most, 1) * 100}%`;
      const text = metric.kind === "summary" ? [counted(each.count, "observation"), ...each.quantiles.map(([share, value]) => `p${Number((share * 100).toPrecision(4))} ${quantity(value, metric.unit)}`)].join(" · ") : quantity(each.value, metric.unit);
      return element("div", { class: "series" }, this.labels(each), element("p", { class: "number-line", text }), metric.kind === "summary" ? null : element("div", { class: "value-room", "aria-hidden": "true" }, bar), this.exemplars(metric, each));
    }));
  }
}
