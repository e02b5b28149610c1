// Figures, maintenance windows, messages and the audit log.

import { ask, query } from "./api.js";
import { openForm } from "./dialog.js";
import { chip, element, table } from "./element.js";
import { duration, moment } from "./moment.js";

export function figuresView(_session, { failed, tell }) {
  const days = element("select", { "aria-label": "Time" },
    ...[["1", "1 day"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"]].map(([value, text]) => element("option", { value }, text)));
  days.value = "30";
  const room = element("div", { class: "stack" });
  const view = element("section", { class: "page" }, element("div", { class: "filters" }, days,
    element("span", { class: "soft" }, "From the start of the alert; mean over those that were acknowledged, or ended.")), room);
  const cells = (each) => [each.incidents, each.open, each.refires, duration(each.mtta_seconds), duration(each.mttr_seconds)];
  const titles = ["Incidents", "Open", "Refired", "MTTA", "MTTR"];
  async function load() {
    try {
      const found = await ask(`/api/v1/figures?days=${days.value}`);
      const card = (title, value) => element("div", { class: "card" }, element("span", { class: "soft" }, title), element("b", {}, String(value)));
      room.replaceChildren(
        element("div", { class: "cards" }, card("Incidents", found.total.incidents), card("Open", found.total.open),
          card("Mean time to acknowledge", duration(found.total.mtta_seconds)), card("Mean time to resolve", duration(found.total.mttr_seconds))),
        element("h3", {}, "By severity"),
        table(["Severity", ...titles], found.by_severity.map((each) => [chip(each.severity), ...cells(each)]), "No incident."),
        element("h3", {}, "By metric, environment and squad"),
        table(["Metric", "Environment", "Squad", ...titles],
          found.by_group.map((each) => [each.metric_name, each.environment, each.squad, ...cells(each)]), "No incident."));
      tell(true);
    } catch (error) { failed(error); }
  }
  days.addEventListener("change", load);
  load();
  return { view, end() {} };
}

export function maintenanceView(session, { failed, tell }) {
  const room = element("div", { class: "stack" });
  const plan = session.role === "operator" ? element("button", { class: "primary", onclick: () => ask_for() }, "Plan a window") : null;
  const view = element("section", { class: "page" }, element("div", { class: "filters" }, plan,
    element("span", { class: "soft" }, "Alertmanager is silent about what fits; somebody else has to approve it.")), room);
  const fit = (each) => each.matchers.map((one) => `${one.name}${one.isEqual === false ? "!" : ""}${one.isRegex ? "=~" : "="}${one.value}`).join(", ");
  async function load() {
    try {
      const found = await ask("/api/v1/silences?limit=200");
      room.replaceChildren(table(["State", "Kind", "For", "From", "Until", "By", "Why", ""],
        found.silences.map((each) => [
          element("span", { title: each.error }, chip(each.state)), each.kind, fit(each), moment(each.starts_at), moment(each.ends_at),
          each.created_by, each.comment,
          each.kind === "maintenance" && ["pending", "active"].includes(each.state) && session.role === "operator"
            ? element("button", { class: "small", onclick: () => ask(`/api/v1/maintenance/${each.id}`, "DELETE").then(load, failed) }, "End") : "",
        ]), "No silence was made here."));
      tell(true);
    } catch (error) { failed(error); }
  }
  function ask_for() {
    openForm({
      title: "Plan a maintenance window", action: "Plan",
      about: "For: labels as name=value or name=~expression, one a line.",
      fields: [
        { name: "matchers", title: "For", required: true, long: true },
        { name: "who", title: "Who", value: session.name, required: true, most: 100 },
        { name: "approver", title: "Approved by", required: true, most: 100 },
        { name: "why", title: "Why", required: true },
        { name: "starts_at", title: "From (empty: now)", type: "datetime-local" },
        { name: "ends_at", title: "Until", type: "datetime-local", required: true },
      ],
      send: (said) => {
        const matchers = said.matchers.split("\n").filter((each) => each.trim()).map((line) => {
          const [, name, sign, value] = /^\s*([^=!~\s]+)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*$/.exec(line) || [];
          if (!name) throw new Error(`write ${line.trim()} as name=value`);
          return { name, value, isRegex: sign.endsWith("~"), isEqual: !sign.startsWith("!") };
        });
        const body = { matchers, who: said.who, approver: said.approver, why: said.why, ends_at: new Date(said.ends_at).toISOString() };
        if (said.starts_at) body.starts_at = new Date(said.starts_at).toISOString();
        return ask("/api/v1/maintenance", "POST", body).then(load);
      },
    });
  }
  load();
  return { view, end() {} };
}

function pages({ path, filters, about, titles, cells, name, empty, summary }, { failed, tell }) {
  const room = element("div", { class: "stack" });
  const older = element("button", { class: "older", hidden: true }, "Older");
  const told = element("span", { class: "soft", role: "status" }, about);
  const view = element("section", { class: "page" }, element("div", { class: "filters" }, ...filters, told), room, older);
  let rows = [], next = null;
  async function load(isMore) {
    try {
      const values = Object.fromEntries(filters.filter((each) => each.name).map((each) => [each.name, each.value]));
      const found = await ask(query(path, { ...values, cursor: isMore ? next : "" }));
      rows = isMore ? [...rows, ...found[name]] : found[name];
      next = found.next;
      if (summary) told.textContent = summary(found);
      room.replaceChildren(table(titles, rows.map(cells), empty));
      older.hidden = !next;
      tell(true);
    } catch (error) { failed(error); }
  }
  older.addEventListener("click", () => load(true));
  for (const each of filters) if (each.name) each.addEventListener("change", () => load(false));
  load(false);
  return { view, told, end() {} };
}

export function messagesView(_session, hooks) {
  const state = element("select", { name: "state", "aria-label": "State" }, element("option", { value: "" }, "State: all"),
    ...["waiting", "sent", "refused"].map((each) => element("option", { value: each }, each)));
  return pages({
    path: "/api/v1/messages", filters: [state], name: "messages", empty: "No message.", about: "",
    summary: ({ counts }) => `${counts.waiting || 0} wait, ${counts.sent || 0} sent, ${counts.refused || 0} refused`,
    titles: ["State", "Since", "To", "Message", "Attempts", "Next or sent", "Last problem"],
    cells: (each) => [chip(each.state), moment(each.at), each.target, each.line, each.attempts,
      moment(each.sent_at || each.next_at), each.error],
  }, hooks);
}

export function auditView(_session, hooks) {
  const action = element("input", { name: "action", type: "search", placeholder: "Action", "aria-label": "Action", maxlength: 40 });
  const check = element("button", { onclick: verify }, "Check the chain");
  const made = pages({
    path: "/api/v1/audit", filters: [action, check], name: "entries", empty: "No row.",
    about: "Each row has a hash over the one before it.",
    titles: ["Row", "Time", "Who", "What", "Incident", "Details", "Hash"],
    cells: (each) => [each.seq, moment(each.at), each.actor, each.action.replaceAll("_", " "),
      each.incident_id ? `#${each.incident_id}` : "–", element("code", { class: "detail" }, JSON.stringify(each.detail)),
      element("code", { title: each.hash }, each.hash.slice(0, 12))],
  }, hooks);
  async function verify() {
    try {
      const proof = await ask("/api/v1/audit/verify");
      made.told.textContent = proof.finding ? `Row ${proof.finding.seq}: ${proof.finding.problem}` : `${proof.rows} rows are as they were written; head ${proof.head}`;
      made.told.className = proof.finding ? "problem" : "well";
    } catch (error) { hooks.failed(error); }
  }
  return made;
}
