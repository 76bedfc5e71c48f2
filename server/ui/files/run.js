// One run: how it goes on, what came of it, and, of a dry run, its plan.

import { announce, confirmed, el, fill, setTroubleTo, setText } from "./dom.js";
import { getJSON, pause, postJSON, Refused, request, runPath, serverNow } from "./api.js";
import { progressBar } from "./bar.js";
import { Fold, foldOf } from "./fold.js";
import { showPlan } from "./plan.js";
import { countsTable, CurrentList, FailureList, LeftList, RecentList } from "./runparts.js";
import { pill, tookText } from "./runlist.js";
import { events } from "./stream.js";
import { clock, count, duration, isOpen, phaseName, plural, scopeOf, summary, titleOf } from "./words.js";

const drawEvery = 250; // ms

/** runView shows a run until the signal says that it has gone. */
export async function runView(main, signal, id) {
  fill(main, el("h1", { tabindex: "-1" }, "Run"), el("p", { class: "muted" }, "Loading …"));
  const run = await getJSON(runPath(id), signal);
  const page = new RunPage(main, run);
  if (!isOpen(run)) {
    page.fold = foldOf(run);
    page.draw();
    await page.showEnd(signal);
    return;
  }
  await page.follow(signal);
}

/** RunPage is the page of one run. */
class RunPage {
  constructor(main, run) {
    this.run = run;
    this.fold = new Fold();
    this.heading = el("h1", { tabindex: "-1" }, titleOf(run));
    this.state = el("span", null, pill(run.state));
    this.facts = el("p", { class: "muted facts" });
    this.buttons = el("p", { class: "buttons" });
    this.bar = progressBar("Objects done");
    this.pace = el("p", { class: "pace" });
    this.trouble = el("div");
    this.counts = el("div");
    this.current = new CurrentList();
    this.failures = new FailureList();
    this.left = new LeftList();
    this.recent = new RecentList();
    this.end = el("div");
    const focused = main.querySelector("h1") === document.activeElement;
    fill(main, el("div", { class: "title" }, this.heading, this.state), this.facts, this.buttons,
      this.bar.node, this.pace, this.trouble, el("div", { class: "pair" }, this.counts, this.current.node), this.failures.node, this.left.node, this.end, this.recent.node);
    if (focused) this.heading.focus({ preventScroll: true });
    this.offer();
  }

  /** follow shows the events of a run that is not over, and then its end. */
  async follow(signal) {
    const drawing = new AbortController();
    const either = AbortSignal.any([signal, drawing.signal]);
    this.drawOn(either).catch(() => {}); // it ends with the signal
    try {
      for await (const batch of events(runPath(this.run.id, "/events"), signal, (live) => this.connected(live))) {
        for (const event of batch) this.fold.observe(event);
        if (this.run.state === "waiting") this.run = await getJSON(runPath(this.run.id), signal);
      }
    } finally {
      drawing.abort();
    }
    this.connected(true);
    await this.finish(signal);
  }

  /** finish takes the run as it came to its end. */
  async finish(signal) {
    for (;;) {
      this.run = await getJSON(runPath(this.run.id), signal);
      if (!isOpen(this.run)) break;
      await pause(200, signal); // it is told a moment after the last event
    }
    if (this.fold.result === null) this.fold = foldOf(this.run);
    this.offer();
    this.draw();
    announce(`The run is over: ${this.run.state}, ${summary(this.run)}.`);
    await this.showEnd(signal);
  }

  /** showEnd shows what a run that is over has besides: a plan, or its objects. */
  async showEnd(signal) {
    if (this.run.dry_run) {
      await showPlan(this.end, this.run, signal);
      return;
    }
    if (this.fold.result !== null || this.fold.total === 0) return;
    const button = el("button", { type: "button", click: () => this.replay(signal, button) }, "Show every failure and the latest objects");
    fill(this.end, el("p", { class: "buttons" }, button));
  }

  /** replay reads the events of a run that is over. */
  async replay(signal, button) {
    button.disabled = true;
    const fold = new Fold();
    try {
      for await (const batch of events(runPath(this.run.id, "/events"), signal, () => {})) for (const event of batch) fold.observe(event);
    } catch (error) {
      if (!signal.aborted) setTroubleTo(error.message);
      return;
    }
    if (fold.result === null) {
      fill(this.end, el("p", { class: "muted" }, "The events of this run are no longer kept."));
      return;
    }
    fill(this.end);
    this.fold = fold;
    this.draw();
  }

  async drawOn(signal) {
    for (;;) {
      this.draw();
      await pause(drawEvery, signal);
      while (document.hidden) await pause(500, signal);
    }
  }

  connected(live) { setTroubleTo(live ? "" : "The connection is lost. The run goes on; this page tries again."); }

  draw() {
    const { run, fold } = this;
    const open = isOpen(run);
    setText(this.facts, [`run ${run.id}`, scopeOf(run), `asked for ${clock(run.created)}`, run.started ? `took ${tookText(run)}`.replace("took", open ? "for" : "took") : ""].filter(Boolean).join(" · "));
    if (this.state.dataset.state !== run.state) {
      this.state.dataset.state = run.state;
      fill(this.state, pill(run.state));
    }
    this.bar.node.hidden = run.state === "waiting" || run.dry_run && !open || !open && fold.total === 0;
    this.bar.set(fold.done, run.dry_run ? 0 : fold.total, open);
    setText(this.pace, this.paceText(open));
    this.drawTrouble();
    fill(this.counts, run.dry_run ? null : countsTable(fold));
    this.current.draw(open ? fold : null);
    this.failures.draw(fold);
    this.left.draw(fold);
    this.recent.draw(fold);
    document.title = open && fold.total > 0 ? `${Math.floor(fold.done / fold.total * 100)} % · proxbox` : `${titleOf(run)}: ${run.state} · proxbox`;
  }

  paceText(open) {
    const { run, fold } = this;
    if (!open) return run.unreached > 0 ? `${plural(run.unreached, "planned object")} not reached.` : "";
    if (run.state === "waiting") return "Another run has a cluster in common with this one: it comes first.";
    const parts = [phaseName(fold.phase)];
    const rate = fold.rate(serverNow());
    if (rate > 0 && fold.total > fold.done) {
      parts.push(`${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} objects a second`);
      parts.push(`about ${duration((fold.total - fold.done) / rate * 1000)} left`);
    }
    return parts.filter(Boolean).join(" · ");
  }

  drawTrouble() {
    const { fold } = this;
    const text = fold.error ? `The run was ended before it had done all: ${fold.error}` : "";
    const stale = fold.staleCount > 0
      ? `${plural(fold.staleCount, "object")} changed since the plan was made, and ${fold.staleCount === 1 ? "was" : "were"} left as found. A new plan shows ${fold.staleCount === 1 ? "it" : "them"} as now.` : "";
    if (this.trouble.dataset.text === text + stale) return;
    this.trouble.dataset.text = text + stale;
    fill(this.trouble, text ? el("p", { class: "notice bad" }, text) : null, stale ? el("p", { class: "notice" }, stale) : null);
  }

  /** offer shows what can be done with the run. */
  offer() {
    const { run } = this;
    if (isOpen(run)) {
      fill(this.buttons, el("button", { type: "button", click: () => this.cancel() }, "Cancel this run"));
      return;
    }
    fill(this.buttons,
      run.plan_of ? el("a", { class: "button", href: `#/runs/${encodeURIComponent(run.plan_of)}` }, "The plan") : null, " ",
      el("button", { type: "button", click: (ev) => this.planAnew(ev.target) }, "Make a new plan"));
  }

  async cancel() {
    const yes = await confirmed("Cancel this run?", "It stops at a safe point. What is written stays, and the next run does the rest.", "Cancel the run");
    if (!yes) return;
    try {
      await request("DELETE", runPath(this.run.id));
      announce("The run is being cancelled.");
    } catch (error) {
      if (!(error instanceof Refused && error.status === 409)) setTroubleTo(error.message); // 409: it is over already
    }
  }

  async planAnew(button) {
    button.disabled = true;
    const { stage, scope } = this.run;
    try {
      const { id } = await postJSON("runs", { stage, sources: scope?.sources ?? [], guests: scope?.guests ?? [], dry_run: true });
      location.hash = `#/runs/${encodeURIComponent(id)}`;
    } catch (error) {
      setTroubleTo(error.message);
      button.disabled = false;
    }
  }
}
