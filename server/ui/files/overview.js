// The first page: where things stand, and what can be started.

import { el, fill, setTroubleTo, table } from "./dom.js";
import { getJSON, pause, postJSON, serverNow } from "./api.js";
import { progressBar } from "./bar.js";
import { pill, runTable } from "./runlist.js";
import { ago, clock, plural, scopeOf, summary, titleOf } from "./words.js";

const every = 5000; // ms between two looks

/** overview shows the page until the signal says that it has gone. */
export async function overview(main, signal) {
  const ends = el("div"), open = el("div"), past = el("div");
  const form = startForm();
  fill(main,
    el("h1", { tabindex: "-1" }, "Overview"),
    el("div", { class: "columns" },
      el("section", { "aria-labelledby": "ends" }, el("h2", { id: "ends" }, "Clusters and NetBox"), ends),
      el("section", { "aria-labelledby": "start" }, el("h2", { id: "start" }, "Start a run"), form.node)),
    el("section", { "aria-labelledby": "open" }, el("h2", { id: "open" }, "Under way"), open),
    el("section", { "aria-labelledby": "past" }, el("h2", { id: "past" }, "Latest runs"), past));
  fill(ends, el("p", { class: "muted" }, "Asking …"));
  for (;;) {
    try {
      const [status, { runs }] = await Promise.all([getJSON("status", signal), getJSON("runs?limit=10&state=completed,failed,cancelled,interrupted", signal)]);
      setTroubleTo("");
      fill(ends, endsOf(status));
      form.offer(status.clusters.map((c) => c.source));
      fill(open, openRuns([...status.running, ...status.waiting]));
      fill(past, runs.length > 0 ? runTable("Latest runs", runs) : el("p", { class: "muted" }, "There was none yet."));
    } catch (error) {
      signal.throwIfAborted();
      setTroubleTo(error.message);
    }
    await pause(every, signal);
    while (document.hidden) await pause(500, signal);
  }
}

function endsOf(status) {
  const { netbox, clusters, problem } = status;
  return [
    el("p", { class: "end" }, health(netbox.reachable), " ", el("strong", null, "NetBox"),
      netbox.version ? ` ${netbox.version}` : "", netbox.url ? el("span", { class: "muted" }, ` ${netbox.url}`) : null,
      netbox.error ? el("span", { class: "reason" }, netbox.error) : null),
    problem && problem !== netbox.error ? el("p", { class: "reason" }, `No run is possible: ${problem}`) : null,
    clusters.length > 0
      ? table("Clusters", ["Cluster", "Health", "Nodes", "Proxmox VE", "Last good run"], clusters.map(clusterCells))
      : el("p", { class: "muted" }, "No cluster is known yet. Name one in the configuration, or save a Proxmox endpoint in NetBox."),
  ];
}

function clusterCells(c) {
  return [
    [el("strong", null, c.source), c.cluster && c.cluster !== c.source ? el("span", { class: "muted" }, ` ${c.cluster}`) : null],
    [health(c.reachable), c.reachable && !c.standalone ? el("span", null, c.quorate ? " quorate" : el("strong", null, " no quorum")) : null,
      c.error ? el("span", { class: "reason" }, c.error) : null],
    c.reachable ? nodesText(c) : "",
    c.version ? `${c.version}${c.standalone ? ", standalone" : ""}` : "",
    c.last_good ? el("a", { href: `#/runs/${encodeURIComponent(c.last_good.run)}`, title: clock(c.last_good.finished) },
      ago(serverNow() - Date.parse(c.last_good.finished))) : "never",
  ];
}

function nodesText(c) {
  if (c.offline.length === 0) return `${c.online} online`;
  return [`${c.online} of ${c.online + c.offline.length} online`, el("span", { class: "reason" }, `offline: ${c.offline.join(", ")}`)];
}

function health(reachable) {
  if (reachable === null) return el("span", { class: "pill" }, "· not asked");
  return reachable ? el("span", { class: "pill completed" }, "✓ reachable") : el("span", { class: "pill failed" }, "✕ no answer");
}

function openRuns(runs) {
  if (runs.length === 0) return el("p", { class: "muted" }, "Nothing is being done.");
  return el("ul", { class: "plain" }, runs.map((run) => {
    const bar = progressBar(titleOf(run));
    bar.set(run.done, run.total, run.state === "running");
    return el("li", { class: "open-run" },
      el("p", null, pill(run.state), " ", el("a", { href: `#/runs/${encodeURIComponent(run.id)}` }, titleOf(run)), " ",
        el("span", { class: "muted" }, `${scopeOf(run)}; ${run.failure_count > 0 ? plural(run.failure_count, "failure") + "; " : ""}${summary(run)}`)),
      run.state === "running" ? bar.node : null);
  }));
}

/** startForm makes the form, with a function that offers clusters. */
function startForm() {
  const choice = (value, text, checked) => el("label", { class: "choice" }, el("input", { type: "radio", name: "stage", value, checked }), ` ${text}`);
  const clusters = el("div", { class: "choices" });
  const reason = el("p", { class: "reason", role: "alert" });
  const plan = el("button", { type: "submit", class: "main", value: "plan" }, "Make a plan");
  const run = el("button", { type: "submit", value: "run" }, "Run now");
  const form = el("form", { class: "start", submit: (ev) => {
    ev.preventDefault();
    start(ev.submitter?.value !== "run");
  } },
  el("fieldset", null, el("legend", null, "What"), el("div", { class: "choices" },
    choice("full-update", "Everything", true), choice("devices", "Devices"), choice("virtual-machines", "Virtual machines"))),
  el("fieldset", null, el("legend", null, "Clusters (none chosen: all)"), clusters),
  el("p", { class: "buttons" }, plan, " ", run),
  el("p", { class: "muted hint" }, "A plan shows what would be written, and writes nothing."), reason);
  let offered = "";

  async function start(dry) {
    const data = new FormData(form);
    reason.textContent = "";
    plan.disabled = run.disabled = true;
    try {
      const started = await postJSON("runs", { stage: data.get("stage"), sources: data.getAll("source"), dry_run: dry });
      location.hash = `#/runs/${encodeURIComponent(started.id)}`;
    } catch (error) {
      reason.textContent = error.message;
    } finally {
      plan.disabled = run.disabled = false;
    }
  }

  function offer(names) {
    if (offered === names.join("\n") && clusters.hasChildNodes()) return; // what somebody has chosen stays
    offered = names.join("\n");
    const chosen = new FormData(form).getAll("source");
    fill(clusters, names.length === 0 ? el("span", { class: "muted" }, "none known") : names.map((name) => el("label", { class: "choice" },
      el("input", { type: "checkbox", name: "source", value: name, checked: chosen.includes(name) }), ` ${name}`)));
  }

  return { node: form, offer };
}
