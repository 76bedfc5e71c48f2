// The runs that were, with filters.

import { el, fill, setTroubleTo } from "./dom.js";
import { getJSON, pause } from "./api.js";
import { runTable } from "./runlist.js";
import { count, stageName } from "./words.js";

const every = 10_000; // ms between two looks
const most = 500; // runs that the server gives

/** history shows the page until the signal says that it has gone. The filters stand in the address. */
export async function history(main, signal, query) {
  const list = el("div"), told = el("p", { class: "muted", role: "status" });
  let runs = null;
  const field = (label, control) => el("label", { class: "field" }, el("span", null, label), control);
  const select = (name, options) => el("select", { name, change: changed },
    options.map(([value, text]) => el("option", { value, selected: query.get(name) === value }, text)));
  const form = el("form", { class: "filters", role: "search", "aria-label": "Filters", submit: (ev) => ev.preventDefault() },
    field("State", select("state", [["", "any"], ...["waiting", "running", "completed", "failed", "cancelled", "interrupted"].map((s) => [s, s])])),
    field("What", select("stage", [["", "anything"], ...["full-update", "devices", "virtual-machines"].map((s) => [s, stageName(s)])])),
    field("How", select("how", [["", "any way"], ["run", "runs"], ["dry", "dry runs"], ["applied", "plans applied"]])),
    field("Cluster", el("input", { name: "cluster", type: "search", value: query.get("cluster"), input: changed, autocomplete: "off" })));
  fill(main, el("h1", { tabindex: "-1" }, "History"), form, told, list);

  function changed() {
    const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    window.history.replaceState(null, "", `#/history${wanted.size > 0 ? "?" + wanted : ""}`);
    show();
  }

  function show() {
    if (runs === null) return;
    const wanted = Object.fromEntries(new FormData(form));
    const shown = runs.filter((run) => matches(run, wanted));
    told.textContent = `${count(shown.length)} of ${count(runs.length)} runs`;
    fill(list, shown.length > 0 ? runTable("Runs", shown) : el("p", { class: "muted" }, runs.length > 0 ? "No run is like that." : "There was none yet."));
  }

  for (;;) {
    try {
      const fresh = (await getJSON(`runs?limit=${most}`, signal)).runs;
      setTroubleTo("");
      if (JSON.stringify(fresh) !== JSON.stringify(runs)) {
        runs = fresh;
        show();
      }
    } catch (error) {
      signal.throwIfAborted();
      setTroubleTo(error.message);
    }
    await pause(every, signal);
    while (document.hidden) await pause(500, signal);
  }
}

function matches(run, { state, stage, how, cluster }) {
  if (state && run.state !== state || stage && run.stage !== stage) return false;
  if (how && how !== (run.plan_of ? "applied" : run.dry_run ? "dry" : "run")) return false;
  if (!cluster) return true;
  const { sources, guests } = run.scope ?? {};
  const names = [...(sources ?? []), ...(guests ?? []).map((g) => g.source)];
  return names.length === 0 || names.some((name) => name.toLowerCase().includes(cluster.toLowerCase().trim()));
}
