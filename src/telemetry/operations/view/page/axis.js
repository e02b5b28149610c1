// The axis of time above a trace; dragging over it zooms.

import { element } from "./element.js";
import { duration, ticks } from "./amount.js";

export class Axis {
  constructor(view) {
    this.view = view;
    this.mark = element("div", { class: "axis-mark", hidden: true });
    this.labels = element("div", { class: "axis-labels" });
    this.element = element("div", { class: "axis", title: "Drag to zoom", "aria-hidden": "true" }, this.labels, this.mark);
    this.element.addEventListener("pointerdown", (event) => this.dragged(event));
    new ResizeObserver(() => this.draw()).observe(this.element);
    view.listeners.push(() => this.draw());
  }

  draw() {
    const { view } = this;
    const width = this.element.clientWidth;
    if (!view.trace || !width) return;
    const begin = view.trace.begin;
    const found = ticks(view.from - begin, view.to - begin, width / 90).filter((at) => view.share(begin + at) < 0.94);
    this.labels.replaceChildren(...found.map((at) => {
      const tick = element("span", { class: "tick", text: at === 0 ? "0" : duration(at) });
      tick.style.left = `${view.share(begin + at) * 100}%`;
      return tick;
    }));
  }

  dragged(event) {
    const box = this.element.getBoundingClientRect();
    const share = (each) => Math.min(Math.max((each.clientX - box.left) / box.width, 0), 1);
    const first = share(event);
    let last = first;
    this.element.setPointerCapture(event.pointerId);
    const move = (each) => {
      last = share(each);
      this.mark.hidden = false;
      this.mark.style.left = `${Math.min(first, last) * 100}%`;
      this.mark.style.width = `${Math.abs(last - first) * 100}%`;
    };
    const end = () => {
      this.element.removeEventListener("pointermove", move);
      this.mark.hidden = true;
      const length = this.view.to - this.view.from;
      if (Math.abs(last - first) > 0.01) this.view.zoom(this.view.from + Math.min(first, last) * length, this.view.from + Math.max(first, last) * length);
    };
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("pointerup", end, { once: true });
    this.element.addEventListener("pointercancel", end, { once: true });
  }
}
