// What an operator does to an incident.

import { ask } from "./api.js";
import { openForm } from "./dialog.js";

const TIMES = [["900", "15 minutes"], ["1800", "30 minutes"], ["3600", "1 hour"], ["14400", "4 hours"], ["28800", "8 hours"], ["86400", "1 day"]];

function act(session, incident, verb, body, done) {
  return ask(`/api/v1/incidents/${incident.id}/${verb}`, "POST", body).then(done);
}

const who = (session) => ({ name: "who", title: "Who", value: session.name, required: true, most: 100 });
const why = { name: "why", title: "Why", required: true, long: true };

export function acknowledge(session, incident, done) {
  openForm({
    title: `Acknowledge #${incident.id} ${incident.alertname}`,
    about: session.alertmanager
      ? "Alertmanager stays silent about it for this time, unless it becomes worse."
      : "No Alertmanager is set: this is noted here only, and messages of Alertmanager go on.",
    fields: [who(session), why, { name: "duration_seconds", title: "For", choices: TIMES, value: "3600" }],
    action: "Acknowledge",
    send: (said) => act(session, incident, "acknowledge", { ...said, duration_seconds: Number(said.duration_seconds) }, done),
  });
}

export function unacknowledge(session, incident, done) {
  openForm({
    title: `Take back the acknowledgement of #${incident.id}`,
    about: "Its silence ends; Alertmanager speaks again.",
    fields: [who(session), why],
    action: "Take back",
    send: (said) => act(session, incident, "unacknowledge", said, done),
  });
}

export function resolve(session, incident, done) {
  openForm({
    title: `Resolve #${incident.id} ${incident.alertname}`,
    about: "For what Alertmanager will not end by itself. An alert that still fires opens the incident again.",
    fields: [who(session), why],
    action: "Resolve",
    send: (said) => act(session, incident, "resolve", said, done),
  });
}
