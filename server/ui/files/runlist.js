// Runs in a table.

import { el, table } from "./dom.js";
import { serverNow } from "./api.js";
import { clock, duration, isOpen, markOf, scopeOf, summary, titleOf } from "./words.js";

/** pill shows a state, by a sign and a word. */
export function pill(state) {
  return el("span", { class: `pill ${state}` }, el("span", { "aria-hidden": "true" }, markOf(state)), " ", state);
}

/** runTable lists runs. */
export function runTable(caption, runs) {
  return table(caption, ["Run", "Clusters", "State", "Result", "Asked for", "Took"], runs.map((run) => [
    el("a", { href: `#/runs/${encodeURIComponent(run.id)}` }, titleOf(run)),
    scopeOf(run), pill(run.state), summary(run), clock(run.created), tookText(run),
  ]), { class: "cards runs" });
}

/** tookText says how long a run took, or takes so far. */
export function tookText(run) {
  if (!run.started) return "";
  const end = run.finished && !isOpen(run) ? Date.parse(run.finished) : serverNow();
  return duration(end - Date.parse(run.started));
}
