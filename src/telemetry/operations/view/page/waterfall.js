// The waterfall: a tree of spans, each with its bar on the axis of time.

import { bidi, element } from "./element.js";
import { duration } from "./amount.js";
import { hue, KINDS, who } from "./recording.js";
import { Axis } from "./axis.js";
import { Rows } from "./rows.js";

const INDENT = 14;
const DEEPEST = 18;
const LEAST_WIDTH = 0.15;

export class Waterfall {
  constructor(view, choose, enter) {
    this.view = view;
    this.choose = choose;
    this.closed = new Set();
    this.visible = [];
    this.axis = new Axis(view);
    this.rows = new Rows({ role: "treegrid", label: "Spans of the trace", height: 26, className: "waterfall",
      make: () => this.make(), fill: (row, index) => this.fill(row, index),
      onselect: (index) => choose(this.visible[index]), onopen: enter, onkey: (event, index) => this.pressed(event, index) });
    this.heads = element("div", { class: "heads" }, element("span", { text: "Span" }), element("span", { class: "number", text: "Duration" }), this.axis.element);
    this.element = element("div", { class: "drawing" }, this.heads, this.rows.element);
    new ResizeObserver(() => this.align()).observe(this.rows.element);
    this.rows.element.addEventListener("click", (event) => this.turned(event));
    view.listeners.push(() => this.rows.refresh());
  }

  get target() { return this.rows.element; }

  // The axis stands over the bars, which a scroll bar may leave less room.
  align() {
    this.heads.style.paddingInlineEnd = `${this.rows.element.offsetWidth - this.rows.element.clientWidth}px`;
  }

  open() {
    this.closed.clear();
    this.rows.element.scrollTop = 0;
    this.update();
    this.axis.draw();
  }

  update() {
    const { trace, selected } = this.view;
    this.visible = [];
    for (let at = 0; at < trace.count; at = this.closed.has(at) ? trace.last[at] + 1 : at + 1) this.visible.push(at);
    this.rows.show(this.visible.length, this.visible.indexOf(selected));
    this.align();
  }

  // Show a span, opening what is around it.
  select(at) {
    const { trace } = this.view;
    let opened = false;
    for (let around = at >= 0 ? trace.parent[at] : -1; around >= 0; around = trace.parent[around]) opened = this.closed.delete(around) || opened;
    if (opened) this.update();
    const index = this.visible.indexOf(at);
    if (index < 0) { this.rows.selected = -1; this.rows.refresh(); } else this.rows.select(index, { quiet: true });
  }

  turn(at, close) {
    if (!this.view.trace.has_children(at) || this.closed.has(at) === close) return false;
    if (close) this.closed.add(at); else this.closed.delete(at);
    this.update();
    return true;
  }

  turned(event) {
    const row = event.target.closest(".twisty") && event.target.closest(".row");
    if (row) this.turn(this.visible[row.shown], !this.closed.has(this.visible[row.shown]));
  }

  pressed(event, index) {
    const at = this.visible[index];
    if (at === undefined) return false;
    if (event.key === "ArrowRight") {
      if (!this.turn(at, false) && this.view.trace.has_children(at)) this.rows.select(index + 1);
      return true;
    }
    if (event.key === "ArrowLeft") {
      if (!this.turn(at, true) && this.view.trace.parent[at] >= 0) this.rows.select(this.visible.indexOf(this.view.trace.parent[at]));
      return true;
    }
    return false;
  }

  make() {
    const parts = { twisty: element("span", { class: "twisty", "aria-hidden": "true" }),
      dot: element("span", { class: "dot" }), mark: element("span", { class: "mark" }), name: bidi("", "row-name"), pid: element("span", { class: "pid" }),
      took: element("span", { class: "number", role: "gridcell" }), bar: element("span", { class: "bar" }) };
    const name = element("span", { class: "cell-name", role: "gridcell" }, parts.twisty, parts.dot, parts.mark, parts.name, parts.pid);
    const lane = element("span", { class: "cell-bar", "aria-hidden": "true" }, parts.bar);
    return Object.assign(element("div", { class: "span-row" }, name, parts.took, lane), { parts });
  }

  fill(row, index) {
    const { trace, found } = this.view;
    const { parts } = row;
    const at = this.visible[index];
    const [failed, open, depth] = [trace.has_failed(at), trace.open[at], trace.depth[at]];
    const around = trace.parent[at];
    row.setAttribute("aria-level", String(depth + 1));
    if (trace.has_children(at)) row.setAttribute("aria-expanded", String(!this.closed.has(at)));
    else row.removeAttribute("aria-expanded");
    row.className = `row span-row${failed ? " failed" : ""}${found ? (found.has(at) ? " found" : " faded") : ""}`;
    parts.twisty.style.marginInlineStart = `${Math.min(depth, DEEPEST) * INDENT}px`;
    parts.twisty.textContent = trace.has_children(at) ? (this.closed.has(at) ? "▸" : "▾") : "";
    parts.dot.className = `dot hue-${hue(trace.process[at])}`;
    parts.mark.textContent = open ? "◌" : failed ? "✕" : "";
    parts.mark.className = `mark ${open ? "open" : "failed"}`;
    parts.mark.title = open ? "was open when the recording ends" : failed ? "failed" : "";
    parts.name.textContent = trace.name_of(at).slice(0, 300);
    parts.pid.textContent = this.whose(trace, at, around);
    parts.took.textContent = duration(trace.took[at]);
    this.fill_bar(parts, trace, at, failed, open);
    row.setAttribute("aria-label", `${trace.name_of(at).slice(0, 300)}, ${duration(trace.took[at])}${failed ? ", failed" : ""}${open ? ", open" : ""}, ${KINDS[trace.kind[at]]}, ${who(trace.process[at])}`);
  }

  // The process where it is another than that of the span around, and the thread where one is named.
  whose(trace, at, around) {
    const thread = trace.lanes[trace.lane[at]].startsWith("thread ") ? trace.lanes[trace.lane[at]] : "";
    if (around < 0 || trace.process[around] !== trace.process[at]) return [who(trace.process[at]), thread].filter(Boolean).join(" · ");
    return trace.lane[around] === trace.lane[at] ? "" : thread;
  }

  fill_bar(parts, trace, at, failed, open) {
    const left = this.view.share(trace.start[at]) * 100;
    const right = this.view.share(trace.start[at] + trace.took[at]) * 100;
    const [from, to] = [Math.max(left, 0), Math.min(right, 100)];
    parts.bar.hidden = right < 0 || left > 100;
    parts.bar.className = `bar hue-${hue(trace.process[at])}${failed ? " failed" : ""}${open ? " open" : ""}`;
    parts.bar.style.left = `${Math.min(from, 100 - LEAST_WIDTH)}%`;
    parts.bar.style.width = `${Math.max(to - from, LEAST_WIDTH)}%`;
  }
}
