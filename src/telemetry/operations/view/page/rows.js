// Rows of one height, of which only those that can be seen exist: a million cost what forty do.

import { element } from "./element.js";

const BEYOND = 6;
let serial = 0;

export class Rows {
  // make(): a row; fill(row, index): what it shows; onkey(event, index): true where a key is taken
  constructor({ role, label, height, make, fill, onselect, onopen, onkey, rowRole = "row", className = "" }) {
    Object.assign(this, { height, make, fill, onselect, onopen, onkey, rowRole });
    this.name = `rows${serial++}`;
    this.count = 0;
    this.selected = -1;
    this.pool = [];
    this.room = element("div", { class: "rows-room" });
    this.element = element("div", { class: `rows ${className}`, role, "aria-label": label, tabindex: "0" }, this.room);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.pressed(event));
    this.element.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("dblclick", (event) => this.doubled(event));
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  show(count, selected = -1) {
    this.count = count;
    this.selected = Math.min(selected, count - 1);
    this.room.style.height = `${count * this.height}px`;
    this.element.setAttribute("aria-rowcount", String(count));
    this.refresh();
  }

  refresh() {
    for (const row of this.pool) row.shown = -1;
    this.draw();
  }

  draw() {
    if (!this.element.clientHeight) return;
    const first = Math.max(Math.floor(this.element.scrollTop / this.height) - BEYOND, 0);
    const seen = Math.ceil(this.element.clientHeight / this.height) + 2 * BEYOND;
    const last = Math.min(first + seen, this.count);
    while (this.pool.length < Math.min(seen, this.count)) this.add();
    const size = this.pool.length;
    const busy = new Set();
    for (let index = first; index < last; index++) {
      const row = this.pool[index % size];
      busy.add(row);
      if (row.shown !== index) this.put(row, index);
    }
    for (const row of this.pool) {
      if (!busy.has(row) && !row.hidden) { row.hidden = true; row.shown = -1; }
    }
    const active = this.selected >= first && this.selected < last;
    if (active) this.element.setAttribute("aria-activedescendant", `${this.name}-${this.selected}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  add() {
    const row = this.make();
    row.classList.add("row");
    row.setAttribute("role", this.rowRole);
    row.style.height = `${this.height}px`;
    row.shown = -1;
    row.hidden = true;
    this.pool.push(row);
    this.room.append(row);
    for (const each of this.pool) each.shown = -1;
  }

  put(row, index) {
    row.shown = index;
    row.hidden = false;
    row.id = `${this.name}-${index}`;
    row.style.transform = `translateY(${index * this.height}px)`;
    row.setAttribute("aria-rowindex", String(index + 1));
    row.setAttribute("aria-selected", String(index === this.selected));
    this.fill(row, index);
  }

  select(index, { quiet = false } = {}) {
    if (!this.count) return;
    this.selected = Math.min(Math.max(index, 0), this.count - 1);
    this.reveal(this.selected);
    this.refresh();
    if (!quiet) this.onselect?.(this.selected);
  }

  reveal(index) {
    const top = index * this.height;
    const height = this.element.clientHeight;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + this.height > this.element.scrollTop + height) this.element.scrollTop = top + this.height - height;
  }

  pressed(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(Math.floor(this.element.clientHeight / this.height) - 1, 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.count, End: this.count }[event.key];
    if (step !== undefined) this.select(this.selected < 0 && step < this.count ? 0 : this.selected + step);
    else if (event.key === "Enter" && this.selected >= 0) this.onopen?.(this.selected);
    else if (!this.onkey?.(event, this.selected)) return;
    event.preventDefault();
  }

  at(event) {
    const row = event.target.closest(".row");
    return row ? row.shown : -1;
  }

  clicked(event) {
    const index = this.at(event);
    if (index >= 0) this.select(index);
  }

  doubled(event) {
    const index = this.at(event);
    if (index >= 0) this.onopen?.(index);
  }
}
