// The parts of a run's page. Each draws what has changed since it was drawn last, and holds no more than a person reads.

import { el, fill, setText, table } from "./dom.js";
import { count, cut, doneOf, kindName, plural, signOf, valueText } from "./words.js";

const mostCurrent = 12, mostRecent = 40, mostChanges = 4, longestValue = 160;

const heads = ["Kind", ...["Created", "Updated", "Deleted", "Kept", "Left alone", "Failed"].map((text) => ({ text, number: true }))];
const operations = ["created", "updated", "deleted", "kept", "skipped", "failed"];

/** countsTable shows what became of the objects, kind by kind. */
export function countsTable(fold) {
  const rows = [
    ...Object.entries(fold.objects).map(([kind, of]) => [kindName(kind), of]),
    ...Object.entries(fold.children).map(([kind, of]) => [el("span", { class: "child" }, kindName(kind)), of]),
  ];
  if (rows.length === 0) return null;
  return el("section", { "aria-label": "Counts" }, table("Objects by kind", heads, rows.map(([kind, of]) => [
    kind, ...operations.map((op) => cell(op, of[op])),
  ]), { class: "cards counts" }));
}

function cell(op, n) { return n > 0 ? el("span", { class: op }, count(n)) : el("span", { class: "zero" }, "0"); }

/** Section is a part with a heading that is hidden while there is nothing in it. */
class Section {
  constructor(label) {
    this.heading = el("h2", null, label);
    this.list = el("ul", { class: "plain" });
    this.more = el("p", { class: "muted" });
    this.node = el("section", { "aria-label": label, hidden: true }, this.heading, this.list, this.more);
  }

  /** told shows the heading with the number of all, and how many are not listed. */
  told(heading, all, listed) {
    this.node.hidden = all === 0;
    setText(this.heading, heading);
    setText(this.more, all > listed ? `and ${count(all - listed)} more` : "");
  }
}

/** CurrentList shows what is being worked on. */
export class CurrentList extends Section {
  constructor() {
    super("Being worked on");
    this.node.classList.add("current");
  }

  draw(fold) {
    const all = [...fold?.current.values() ?? []];
    const shown = all.slice(0, mostCurrent);
    this.told("Being worked on", all.length, shown.length);
    const texts = shown.map((o) => `${kindName(o.kind)} ${o.name}${o.kind === "source" && o.total > 0 ? `: ${count(o.done)} of ${count(o.total)} read` : ""}`);
    if (this.drawn === texts.join("\n")) return;
    this.drawn = texts.join("\n");
    fill(this.list, texts.map((text) => el("li", null, cut(text, 60))));
  }
}

/** FailureList shows what failed, with the reason. */
export class FailureList extends Section {
  constructor() {
    super("Failures");
    this.node.classList.add("failures");
  }

  draw(fold) {
    if (this.fold !== fold) {
      this.fold = fold;
      fill(this.list);
    }
    for (const f of fold.failures.slice(this.list.childElementCount)) {
      this.list.append(el("li", null,
        el("strong", null, `${signOf("fail")} ${kindName(f.kind)} ${f.name}`), el("span", { class: "muted" }, f.where ? ` ${f.where}` : "", f.unit ? ` of ${f.unit}` : ""),
        el("span", { class: "reason" }, f.error)));
    }
    const all = fold.failureCount - (fold.error ? 1 : 0);
    this.told(`Failures (${count(Math.max(all, fold.failures.length))})`, Math.max(all, fold.failures.length), fold.failures.length);
  }
}

/** LeftList shows what was left alone, by reason. */
export class LeftList extends Section {
  constructor() {
    super("Left alone");
    this.groups = new Map();
  }

  draw(fold) {
    if (this.fold !== fold) {
      this.fold = fold;
      this.groups.clear();
      fill(this.list);
    }
    for (const [reason, { count: n, names }] of fold.left) {
      let group = this.groups.get(reason);
      if (!group) {
        group = { summary: el("summary"), names: el("p", { class: "names" }) };
        this.groups.set(reason, group);
        this.list.append(el("li", null, el("details", null, group.summary, group.names)));
      }
      setText(group.summary, `! ${reason} (${count(n)})`);
      setText(group.names, names.map((name) => name).join(" · ") + (n > names.length ? ` · and ${count(n - names.length)} more` : ""));
    }
    const listed = [...fold.left.values()].reduce((sum, group) => sum + group.count, 0);
    this.told(`Left alone (${count(fold.leftCount)})`, fold.leftCount, listed);
  }
}

/** RecentList shows the latest objects that were written or failed, the newest first. */
export class RecentList extends Section {
  constructor() {
    super("Latest changes");
    this.last = 0;
  }

  draw(fold) {
    if (this.fold !== fold) {
      this.fold = fold;
      this.last = 0;
      fill(this.list);
    }
    for (const one of fold.recent) {
      if (one.number > this.last) this.list.prepend(recentItem(one));
    }
    this.last = fold.recentCount;
    while (this.list.childElementCount > mostRecent) this.list.lastElementChild.remove();
    this.told("Latest changes", fold.recentCount, this.list.childElementCount);
  }
}

function recentItem({ op, kind, name, changes }) {
  return el("li", { class: `change ${op}` },
    el("span", { class: "sign", "aria-hidden": "true" }, signOf(op)), ` ${kindName(kind)} `, el("strong", null, name), ` ${doneOf(op)}`,
    changes.length > 0 && op === "update" ? el("span", { class: "glimpse" },
      changes.slice(0, mostChanges).map((c, i) => [i > 0 ? " · " : null, diffText(c)]),
      changes.length > mostChanges ? ` · and ${plural(changes.length - mostChanges, "more field")}` : null) : null);
}

/** diffText shows a field's old and new value. */
export function diffText({ name, old, new: next }) {
  return [`${name}: `, el("del", null, cut(valueText(old), longestValue)), " → ", el("ins", null, cut(valueText(next), longestValue))];
}
