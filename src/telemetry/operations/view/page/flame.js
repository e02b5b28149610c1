// The flame graph: the lanes of each process, what is inside a span below it. It is drawn, as there may be many.

import { announce, element } from "./element.js";
import { duration } from "./amount.js";
import { hue, KINDS, PALETTE, who } from "./recording.js";
import { Axis } from "./axis.js";
import { whenPainted } from "./theme.js";

const ROW = 20;
const HEAD = 24;
const LEAST_TEXT = 36;

export class Flame {
  constructor(view, choose, enter) {
    Object.assign(this, { view, choose, enter });
    this.axis = new Axis(view);
    this.canvas = element("canvas", { class: "flame-canvas" });
    this.room = element("div", { class: "flame-room" }, this.canvas);
    this.target = element("div", { class: "flame", tabindex: "0", role: "application", "aria-label": "Flame graph of the trace: arrows go to parent, child and neighbours" }, this.room);
    this.element = element("div", { class: "drawing" }, element("div", { class: "heads flame-heads" }, this.axis.element), this.target);
    this.colours = null;
    this.target.addEventListener("scroll", () => this.draw(), { passive: true });
    this.target.addEventListener("keydown", (event) => this.pressed(event));
    this.target.addEventListener("click", (event) => this.clicked(event));
    this.target.addEventListener("dblclick", (event) => { const at = this.hit(event); if (at >= 0) view.zoomTo(at); });
    this.target.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    new ResizeObserver(() => this.draw()).observe(this.target);
    view.listeners.push(() => this.draw());
    whenPainted(() => { this.colours = null; this.draw(); });
  }

  open() {
    const { trace } = this.view;
    this.rows = [];
    this.row = new Int32Array(trace.count);
    const lanes = new Map();
    for (let at = 0; at < trace.count; at++) {
      if (!lanes.has(trace.lane[at])) lanes.set(trace.lane[at], []);
      lanes.get(trace.lane[at]).push(at);
    }
    for (const lane of [...lanes.keys()].sort((one, other) => one - other)) this.place(lane, lanes.get(lane));
    this.height = this.rows.length ? this.rows.at(-1).top + ROW + HEAD : 0;
    this.room.style.height = `${this.height}px`;
    this.target.scrollTop = 0;
    this.draw();
  }

  place(lane, spans) {
    const { trace } = this.view;
    spans.sort((one, other) => trace.start[one] - trace.start[other] || trace.took[other] - trace.took[one] || one - other);
    const top = this.rows.length ? this.rows.at(-1).top + ROW + 8 : 0;
    const first = this.rows.length;
    const ends = [];
    for (const at of spans) {
      while (ends.length && ends.at(-1) <= trace.start[at]) ends.pop();
      const depth = first + ends.length;
      ends.push(trace.start[at] + trace.took[at]);
      if (!this.rows[depth]) this.rows[depth] = { top: top + HEAD + (depth - first) * ROW, spans: [], head: depth === first ? `${who(trace.process[at])} · ${trace.lanes[lane]}` : "" };
      this.rows[depth].spans.push(at);
      this.row[at] = depth;
    }
  }

  select(at) {
    if (at >= 0) {
      const top = this.rows[this.row[at]].top;
      if (top - HEAD < this.target.scrollTop) this.target.scrollTop = top - HEAD;
      else if (top + 2 * ROW > this.target.scrollTop + this.target.clientHeight) this.target.scrollTop = top + 2 * ROW - this.target.clientHeight;
      const { trace, from, to } = this.view;
      if (trace.start[at] > to || trace.start[at] + trace.took[at] < from) this.view.zoomTo(at);
    }
    this.draw();
  }

  paints() {
    if (this.colours) return this.colours;
    const probe = element("span", { class: "probe" });
    this.target.append(probe);
    const read = (name, what) => { probe.className = `probe ${name}`; return getComputedStyle(probe)[what]; };
    this.colours = { hues: Array.from({ length: PALETTE }, (_, index) => read(`hue-${index}`, "backgroundColor")), failed: read("hue-failed", "backgroundColor"),
      ink: read("ink", "color"), text: read("text", "color"), faint: read("faint", "color"), focus: read("focus", "color") };
    probe.remove();
    return this.colours;
  }

  draw() {
    const width = this.target.clientWidth;
    const height = this.target.clientHeight;
    if (!this.view.trace || !this.rows || !width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    const pen = this.canvas.getContext("2d");
    const colours = this.paints();
    pen.setTransform(ratio, 0, 0, ratio, 0, -this.target.scrollTop * ratio);
    pen.clearRect(0, this.target.scrollTop, width, height);
    pen.textBaseline = "middle";
    const font = getComputedStyle(this.target).fontFamily;
    for (const row of this.rows) {
      if (row.top + ROW < this.target.scrollTop || row.top - HEAD > this.target.scrollTop + height) continue;
      if (row.head) {
        pen.font = `600 11px ${font}`;
        pen.fillStyle = colours.text;
        pen.fillText(row.head, 8, row.top - HEAD / 2);
      }
      pen.font = `11px ${font}`;
      this.draw_row(pen, row, width, colours);
    }
  }

  draw_row(pen, row, width, colours) {
    const { trace, from, to, selected, found } = this.view;
    const scale = width / (to - from);
    let drawn = -1;
    for (const at of row.spans) {
      const left = (trace.start[at] - from) * scale;
      const right = left + trace.took[at] * scale;
      if (right < 0 || left > width || (right <= drawn && at !== selected)) continue;
      const [x, wide] = [Math.max(left, -1), Math.max(Math.min(right, width + 1) - Math.max(left, -1), 1)];
      pen.globalAlpha = found && !found.has(at) ? 0.25 : trace.open[at] ? 0.7 : 1;
      pen.fillStyle = trace.has_failed(at) ? colours.failed : colours.hues[hue(trace.process[at])];
      pen.fillRect(x, row.top, Math.max(wide - 0.5, 0.75), ROW - 2);
      drawn = x + Math.max(wide, 0.75);
      if (wide >= LEAST_TEXT) this.label(pen, trace, at, Math.max(x, 0), row.top, wide, colours);
      pen.globalAlpha = 1;
      if (at === selected) {
        pen.strokeStyle = colours.focus;
        pen.lineWidth = 2;
        pen.strokeRect(x + 1, row.top + 1, Math.max(wide - 2, 1), ROW - 4);
      }
    }
  }

  label(pen, trace, at, x, top, wide, colours) {
    const most = Math.floor((wide - 8) / 6);
    const name = (trace.open[at] ? "◌ " : trace.has_failed(at) ? "✕ " : "") + trace.name_of(at).slice(0, 200);
    pen.fillStyle = colours.ink;
    pen.fillText(name.length > most ? `${name.slice(0, Math.max(most - 1, 1))}…` : name, x + 4, top + ROW / 2 - 0.5);
  }

  hit(event) {
    const box = this.target.getBoundingClientRect();
    const y = event.clientY - box.top + this.target.scrollTop;
    const row = this.rows.find((each) => y >= each.top && y < each.top + ROW);
    if (!row) return -1;
    const { trace, from, to } = this.view;
    const time = from + ((event.clientX - box.left) / this.target.clientWidth) * (to - from);
    const reach = ((to - from) / this.target.clientWidth) * 2;
    let best = -1;
    for (const at of row.spans) {
      const away = Math.max(trace.start[at] - time, time - trace.start[at] - trace.took[at], 0);
      if (away <= reach && (best < 0 || away === 0)) best = at;
    }
    return best;
  }

  clicked(event) {
    const at = this.hit(event);
    if (at >= 0) this.pick(at);
  }

  pick(at) {
    const { trace } = this.view;
    this.choose(at);
    announce(`${trace.name_of(at).slice(0, 200)}, ${duration(trace.took[at])}${trace.has_failed(at) ? ", failed" : ""}, ${KINDS[trace.kind[at]]}`);
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { trace, selected } = this.view;
    if (event.key === "Enter" && selected >= 0) this.enter();
    else if (event.key.startsWith("Arrow")) {
      const next = selected < 0 ? 0 : this.neighbour(event.key, trace, selected);
      if (next >= 0) this.pick(next);
    } else return;
    event.preventDefault();
  }

  neighbour(key, trace, at) {
    const row = this.rows[this.row[at]].spans;
    const index = row.indexOf(at);
    if (key === "ArrowUp") return trace.parent[at];
    if (key === "ArrowDown") return trace.has_children(at) ? at + 1 : -1;
    return row[index + (key === "ArrowRight" ? 1 : -1)] ?? -1;
  }

  wheeled(event) {
    if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    const { from, to } = this.view;
    const length = to - from;
    if (!event.ctrlKey && !event.metaKey) {
      this.view.zoom(from + (event.deltaX / this.target.clientWidth) * length, to + (event.deltaX / this.target.clientWidth) * length);
      return;
    }
    const share = (event.clientX - this.target.getBoundingClientRect().left) / this.target.clientWidth;
    const factor = Math.exp(event.deltaY * 0.002);
    this.view.zoom(from + length * share * (1 - factor), from + length * share * (1 - factor) + length * factor);
  }
}
