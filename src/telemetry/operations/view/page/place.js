// Where somebody is in the page: it stands behind the `#` of the address, so that back, forward and links work.

const listeners = [];

export function place() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

export function go(changes, { replace = false } = {}) {
  const wanted = { ...place(), ...changes };
  const kept = Object.entries(wanted).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const hash = `#${new URLSearchParams(kept)}`;
  if (hash === location.hash) return;
  if (replace) {
    history.replaceState(null, "", hash);
    tell();
  } else {
    location.hash = hash;
  }
}

export function whenMoved(act) {
  listeners.push(act);
}

function tell() {
  for (const act of listeners) act(place());
}

window.addEventListener("hashchange", tell);
