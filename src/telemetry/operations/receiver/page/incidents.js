// The list of incidents: refreshed in place, so that nothing jumps under a hand or a focus.

import { acknowledge, resolve } from "./actions.js";
import { ask, query } from "./api.js";
import { details } from "./details.js";
import { chip, element, link } from "./element.js";
import { age, duration, moment } from "./moment.js";

const REFRESH_MS = 3000;
const WORST = ["critical", "warning", "info", "none"];

export function incidentsView(session, { isHistory, tell, failed }) {
  const state = { rows: new Map(), incidents: [], chosen: null, next: null, timer: null, more: 0 };
  const search = element("input", { type: "search", placeholder: "Search  ( / )", "aria-label": "Search", maxlength: 200 });
  const severity = choice("Severity", ["critical", "warning", "info", "none"]);
  const environment = element("input", { placeholder: "Environment", "aria-label": "Environment", size: 14 });
  const squad = element("input", { placeholder: "Squad", "aria-label": "Squad", size: 12 });
  const standing = isHistory ? choice("State", ["open", "firing", "acknowledged", "resolved"]) : choice("State", ["firing", "acknowledged"]);
  const said = element("span", { class: "soft said", role: "status" });
  const body = element("tbody");
  const empty = element("p", { class: "empty", hidden: true });
  const older = element("button", { class: "older", hidden: true, onclick: () => load(true) }, "Older");
  const titles = ["Severity", "Incident", "Where", isHistory ? "Opened" : "Age", "Owner", "State", "", ""];
  const list = element("div", { class: "scroll list" },
    element("table", { class: "incidents" },
      element("thead", {}, element("tr", {}, ...titles.map((each) => element("th", { scope: "col" }, each)))), body),
    empty, older);
  const side = element("div", { class: "side" });
  const view = element("section", { class: "split" },
    element("div", { class: "main" },
      element("div", { class: "filters" }, search, severity, standing, environment, squad, said), list), side);

  function choice(title, values) {
    return element("select", { "aria-label": title }, element("option", { value: "" }, `${title}: all`),
      ...values.map((each) => element("option", { value: each }, each)));
  }

  function address(cursor) {
    return query("/api/v1/incidents", {
      q: search.value.trim(), severity: severity.value, environment: environment.value.trim(), squad: squad.value.trim(),
      state: standing.value || (isHistory ? "" : "open"), limit: 200, cursor,
    });
  }

  async function load(isMore = false) {
    try {
      const found = await ask(address(isMore ? state.next : ""));
      if (!isMore && state.more) found.next = state.next; // what was unfolded stays
      const fresh = new Set(found.incidents.map((each) => each.id));
      const kept = isMore || state.more ? state.incidents.filter((each) => !fresh.has(each.id)) : [];
      state.more += isMore ? 1 : 0;
      state.next = found.next;
      state.incidents = [...found.incidents, ...kept].sort(isHistory ? (a, b) => b.id - a.id : byUrgency);
      draw();
      tell(true);
    } catch (error) {
      failed(error);
    }
  }

  function byUrgency(a, b) {
    const stands = (each) => (each.state === "firing" ? 0 : 1);
    return stands(a) - stands(b) || WORST.indexOf(a.severity) - WORST.indexOf(b.severity) || b.id - a.id;
  }

  function draw() {
    const wanted = new Set(state.incidents.map((each) => each.id));
    for (const [id, row] of state.rows) if (!wanted.has(id)) { row.line.remove(); state.rows.delete(id); }
    state.incidents.forEach((incident, place) => {
      const row = state.rows.get(incident.id) || added(incident);
      row.update(incident);
      if (body.children[place] !== row.line) body.insertBefore(row.line, body.children[place] || null);
    });
    empty.hidden = state.incidents.length > 0;
    empty.textContent = isHistory ? "Nothing that fits." : "Nothing is open.";
    older.hidden = !state.next;
    const critical = state.incidents.filter((each) => each.severity === "critical").length;
    said.textContent = `${state.incidents.length}${state.next ? "+" : ""} incidents${critical ? `, ${critical} critical` : ""}`;
  }

  function added(incident) {
    const cells = titles.map(() => element("td"));
    const line = element("tr", { tabindex: "0", "data-id": incident.id }, ...cells);
    let before = "";
    const row = {
      line,
      update(now) {
        cells[3].textContent = isHistory ? moment(now.opened_at) : age(now.opened_at);
        line.setAttribute("aria-selected", String(state.chosen === now.id));
        const text = JSON.stringify(now);
        row.incident = now;
        if (text === before) return;
        before = text;
        line.className = `${now.severity} ${now.state}`;
        const where = [now.metric_name, now.environment, now.squad].filter(Boolean).join(" · ");
        cells[0].replaceChildren(chip(now.severity));
        cells[1].replaceChildren(element("span", { class: "name" }, now.alertname),
          element("span", { class: "soft about" }, now.summary));
        cells[2].replaceChildren(element("span", { class: "soft" }, where || "–"));
        cells[4].textContent = now.state === "acknowledged" ? now.acknowledged_by : now.owner || "–";
        cells[5].replaceChildren(chip(now.state), ...waits(now));
        cells[6].replaceChildren(link(now.runbook_url, "Runbook", `Runbook of ${now.alertname}`) || "");
        cells[7].replaceChildren(...buttons(now));
      },
    };
    line.addEventListener("click", (event) => { if (!event.target.closest("a, button")) choose(row.incident.id); });
    line.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === line) choose(row.incident.id); });
    state.rows.set(incident.id, row);
    return row;
  }

  function waits(incident) {
    if (incident.state === "resolved" && isHistory)
      return [element("span", { class: "soft" }, ` ${duration((Date.parse(incident.resolved_at) - Date.parse(incident.opened_at)) / 1000)}`)];
    const of = incident.silence;
    return incident.state === "acknowledged" && of && ["pending", "refused"].includes(of.state)
      ? [chip("waiting", of.state === "pending" ? "silence pending" : "silence refused")] : [];
  }

  function buttons(incident) {
    if (session.role !== "operator" || incident.state !== "firing") return [];
    return [element("button", { class: "small", "aria-label": `Acknowledge incident ${incident.id}`,
      onclick: () => acknowledge(session, incident, () => changed(incident.id)) }, "Acknowledge")];
  }

  async function choose(id) {
    state.chosen = id;
    for (const [each, row] of state.rows) row.line.setAttribute("aria-selected", String(each === id));
    if (id === null) { side.replaceChildren(); return; }
    try {
      const incident = await ask(`/api/v1/incidents/${id}`);
      if (state.chosen !== id) return;
      const text = JSON.stringify(incident);
      if (side.dataset.shown === text && side.firstChild) return;
      const at = side.firstChild && side.dataset.id === String(id) ? side.firstChild.scrollTop : 0;
      side.dataset.shown = text;
      side.dataset.id = String(id);
      const panel = details(incident, session, { close: () => choose(null), changed: () => changed(id) });
      side.replaceChildren(panel);
      panel.scrollTop = at;
    } catch (error) {
      failed(error);
    }
  }

  async function changed(id) {
    await load();
    if (state.chosen === id) await choose(id);
  }

  function keys(event) {
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "Escape") { typing ? event.target.blur() : choose(null); return; }
    if (typing) return;
    const lines = [...body.children];
    const place = lines.indexOf(document.activeElement);
    const under = state.rows.get(Number((lines[place] || {}).dataset?.id) || state.chosen)?.incident;
    const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    else if (event.key in moves && lines.length) {
      event.preventDefault();
      lines[Math.min(Math.max(place + moves[event.key], 0), lines.length - 1)].focus();
    } else if (event.key === "a" && under && under.state !== "resolved" && session.role === "operator") {
      event.preventDefault();
      acknowledge(session, under, () => changed(under.id));
    } else if (event.key === "r" && under && under.state !== "resolved" && session.role === "operator") {
      event.preventDefault();
      resolve(session, under, () => changed(under.id));
    }
  }

  function filter() {
    state.more = 0;
    load();
  }
  let pause = null;
  for (const each of [search, environment, squad])
    each.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(filter, 250); });
  for (const each of [severity, standing]) each.addEventListener("change", filter);
  document.addEventListener("keydown", keys);
  async function turn() {
    await load();
    if (state.chosen !== null) await choose(state.chosen);
    state.timer = setTimeout(turn, REFRESH_MS);
  }
  turn();
  return { view, end() { clearTimeout(state.timer); state.timer = null; document.removeEventListener("keydown", keys); } };
}
