// One incident: what it says, its alerts, its silence, and all that happened to it.

import { acknowledge, resolve, unacknowledge } from "./actions.js";
import { chip, element, link, pairs, table } from "./element.js";
import { age, duration, moment } from "./moment.js";

export function details(incident, session, { close, changed }) {
  const isOpen = incident.state !== "resolved";
  const mayAct = isOpen && session.role === "operator";
  const took = incident.resolved_at ? (Date.parse(incident.resolved_at) - Date.parse(incident.opened_at)) / 1000 : null;
  return element("aside", { class: "details", "aria-label": `Incident ${incident.id}` },
    element("div", { class: "details-head" },
      element("h2", {}, `#${incident.id} ${incident.alertname}`),
      element("button", { class: "quiet", "aria-label": "Close", title: "Close (Esc)", onclick: close }, "✕")),
    element("p", { class: "chips" }, chip(incident.severity), chip(incident.state),
      incident.refires ? chip("refired", `refired ${incident.refires}×`) : null),
    incident.summary ? element("p", { class: "summary" }, incident.summary) : null,
    mayAct ? element("div", { class: "buttons start" },
      element("button", { class: "primary", title: "Key: a", onclick: () => acknowledge(session, incident, changed) },
        incident.state === "acknowledged" ? "Acknowledge again" : "Acknowledge"),
      incident.state === "acknowledged"
        ? element("button", { onclick: () => unacknowledge(session, incident, changed) }, "Take back") : null,
      element("button", { title: "Key: r", onclick: () => resolve(session, incident, changed) }, "Resolve")) : null,
    silence(incident.silence),
    element("h3", {}, "Times"),
    pairs({
      "Started": `${moment(incident.opened_at)} (${age(incident.opened_at)} ago)`,
      "Last seen": moment(incident.seen_at),
      ...(incident.acknowledged_at ? { "Acknowledged": `${moment(incident.acknowledged_at)} by ${incident.acknowledged_by}` } : {}),
      ...(incident.resolved_at ? { "Resolved": `${moment(incident.resolved_at)} by ${incident.resolved_by}, after ${duration(took)}` } : {}),
    }),
    element("p", { class: "links" }, link(incident.runbook_url, "Runbook"), link(incident.generator_url, "Query"),
      link(incident.external_url, "Alertmanager")),
    element("h3", {}, "Labels"), pairs(incident.labels),
    Object.keys(incident.annotations).length ? element("h3", {}, "Annotations") : null, pairs(incident.annotations),
    element("h3", {}, "Alerts"),
    table(["Severity", "Status", "Since"],
      incident.alerts.map((each) => [chip(each.severity), each.status, moment(each.starts_at)]), "None."),
    element("h3", {}, "History"),
    element("ol", { class: "history" }, ...incident.history.map(entry)));
}

function silence(of) {
  if (!of || of.state === "ended") return null;
  const told = {
    pending: "Alertmanager has not heard of the silence yet; it is tried again.",
    active: of.alertmanager_id ? `Silenced in Alertmanager until ${moment(of.ends_at)}.` : `Noted here until ${moment(of.ends_at)}.`,
    ending: "The silence is being taken away.",
    refused: "Alertmanager refused the silence.",
  }[of.state];
  return element("p", { class: `note ${of.state}` }, told, of.error ? element("span", { class: "soft" }, ` ${of.error}`) : null);
}

function entry(each) {
  const said = each.detail.why || each.detail.to || each.detail.seen || each.detail.error || "";
  const by = each.detail.who && each.detail.who !== each.actor ? `${each.detail.who} (${each.actor})` : each.actor;
  return element("li", {},
    element("time", { datetime: each.at }, moment(each.at)),
    element("span", {}, element("b", {}, each.action.replaceAll("_", " ")), ` by ${by}`, said ? ` – ${said}` : ""));
}
