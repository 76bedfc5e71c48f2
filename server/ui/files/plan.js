// The plan of a dry run: what would be written, field by field, before it is.

import { confirmed, el, fill, setTroubleTo } from "./dom.js";
import { getJSON, postJSON, Refused, runPath } from "./api.js";
import { diffText } from "./runparts.js";
import { count, cut, kindName, plural, signOf, valueText } from "./words.js";

const page = 100; // units at a time
const openUpTo = 25; // so many units are shown with their fields
const longestValue = 300;
const memory = "remembered"; // the field in which a sink keeps what was written last

/** showPlan shows the plan of a run below a node. */
export async function showPlan(node, run, signal) {
  fill(node, el("p", { class: "muted" }, "Loading the plan …"));
  let plan;
  try {
    plan = await getJSON(runPath(run.id, "/plan"), signal);
  } catch (error) {
    signal.throwIfAborted();
    fill(node, el("p", { class: error instanceof Refused && error.status === 404 ? "muted" : "notice bad" }, error.message));
    return;
  }
  fill(node, new PlanPage(run, unitsOf(plan.changes ?? []), plan.problems ?? []).node);
}

/** unitsOf puts the changes of each unit together. Each shared object stands alone. */
function unitsOf(changes) {
  const units = [];
  let last = null;
  for (const change of changes) {
    const key = change.unit?.kind ? `${change.unit.kind} ${change.unit.name}` : null;
    if (key === null || key !== last) units.push([]);
    last = key;
    units.at(-1).push(change);
  }
  return units.map((all) => new Unit(all));
}

const written = ["create", "update", "delete"];

/** Unit is an object with all that hangs on it, as a plan has it. */
class Unit {
  constructor(changes) {
    [this.top] = changes;
    this.changes = changes;
    const ops = new Set(changes.map((c) => c.op));
    this.writes = written.some((op) => ops.has(op));
    // An object that stays as it is, and on which something changes, is updated.
    this.op = this.top.op === "keep" && this.writes ? "update" : this.top.op;
    this.tells = this.writes || ops.has("skip") || changes.some((c) => c.left?.length > 0);
    this.skips = ops.has("skip");
  }

  matches(text) {
    return text === "" || this.changes.some((c) => `${c.key?.kind ?? ""} ${c.label} ${c.source ?? ""} ${c.guest ?? ""} ${c.reason ?? ""}`.toLowerCase().includes(text));
  }
}

/** PlanPage shows a plan. */
class PlanPage {
  constructor(run, units, problems) {
    this.run = run;
    this.units = units;
    this.list = el("div", { class: "plan" });
    this.told = el("p", { class: "muted", role: "status" });
    this.form = this.filters();
    const writes = units.filter((u) => u.writes).length;
    this.apply = writes > 0 ? el("button", { type: "button", class: "main", click: () => this.applyPlan() }, "Apply this plan") : null;
    this.node = el("section", { "aria-labelledby": "plan-heading" },
      el("h2", { id: "plan-heading" }, "Plan"),
      problems.map((p) => el("p", { class: "notice bad" }, `${p.label || p.key?.name || ""}: ${p.error}. Nothing of it is changed.`)),
      el("p", { class: "sum" }, this.sum()),
      this.apply ? el("p", { class: "buttons" }, this.apply) : null,
      this.form, this.told, this.list);
    this.show(page);
  }

  sum() {
    const n = { create: 0, update: 0, delete: 0, keep: 0, skip: 0 };
    for (const { changes } of this.units) {
      for (const c of changes) {
        if (c.key?.kind) n[c.op]++;
        for (const kept of Object.values(c.kept ?? {})) n.keep += kept;
      }
    }
    this.counts = n;
    if (n.create + n.update + n.delete === 0) return `Nothing is to be written: ${plural(n.keep, "object")} as they should be, ${count(n.skip)} left alone.`;
    const of = (number, name, text) => el("span", { class: number > 0 ? name : "muted" }, text);
    return [
      of(n.create, "created", `+ ${count(n.create)} to create`), " · ", of(n.update, "updated", `~ ${count(n.update)} to update`), " · ",
      of(n.delete, "deleted", `− ${count(n.delete)} to delete`), " · ", of(0, "", `= ${count(n.keep)} as they should be`), " · ",
      of(n.skip, "skipped", `! ${count(n.skip)} left alone`),
    ];
  }

  filters() {
    const box = (name, text, checked) => el("label", { class: "choice" }, el("input", { type: "checkbox", name, checked, change: () => this.show(page) }), ` ${text}`);
    return el("form", { class: "filters", role: "search", "aria-label": "What of the plan is shown", submit: (ev) => ev.preventDefault() },
      box("create", "+ created", true), box("update", "~ updated", true), box("delete", "− deleted", true), box("skip", "! left alone", true), box("keep", "= kept", false),
      el("label", { class: "field" }, el("span", null, "Name"), el("input", { type: "search", name: "text", autocomplete: "off", input: () => this.show(page) })));
  }

  show(most) {
    const data = new FormData(this.form);
    const text = String(data.get("text") ?? "").trim().toLowerCase();
    const shown = this.units.filter((u) => (data.has(u.op) || u.tells && u.op === "keep" && data.has("skip") || u.skips && data.has("skip")) && u.matches(text));
    const some = shown.slice(0, most);
    this.told.textContent = `${count(some.length)} of ${plural(shown.length, "object")} shown, ${count(this.units.length)} in the plan`;
    fill(this.list, some.map((unit) => unitNode(unit, shown.length <= openUpTo)),
      shown.length > most ? el("p", { class: "buttons" }, el("button", { type: "button", click: () => this.show(most + page) }, `Show ${count(Math.min(page, shown.length - most))} more`)) : null);
  }

  async applyPlan() {
    const { create, update, delete: gone } = this.counts;
    const yes = await confirmed("Apply this plan?",
      `NetBox is written to: ${count(create)} created, ${count(update)} updated, ${count(gone)} deleted. What has changed there since the plan was made is left as it is, and told.`, "Apply");
    if (!yes) return;
    this.apply.disabled = true;
    try {
      const { id } = await postJSON(runPath(this.run.id, "/apply"));
      location.hash = `#/runs/${encodeURIComponent(id)}`;
    } catch (error) {
      setTroubleTo(error.message);
      this.apply.disabled = false;
    }
  }
}

/** glimpse shows the one thing about a unit that is worth seeing before it is opened, if there is one. */
function glimpse(unit) {
  const updates = unit.changes.flatMap((c) => c.op === "update" ? fieldsOf(c).map((f) => c === unit.top ? f : { ...f, name: `${c.label}: ${f.name}` }) : []);
  if (unit.op === "update" && updates.length > 0) return [" ", diffText(updates[0]), updates.length > 1 ? ` and ${plural(updates.length - 1, "more field")}` : ""];
  const skipped = unit.changes.find((c) => c.op === "skip" && c.reason && c !== unit.top);
  return skipped && !unit.writes ? ` ! ${cut(skipped.reason, 120)}` : null;
}

/** fieldsOf returns the fields that are written and mean something to a person. */
function fieldsOf(change) { return (change.fields ?? []).filter((f) => f.name !== memory); }

/** unitNode shows a unit. Its fields are made when it is opened. */
function unitNode(unit, open) {
  const { top } = unit;
  const where = top.guest ? ` ${top.source} ${top.guest}` : top.source ? ` ${top.source}` : "";
  const body = el("div", { class: "unit" });
  let made = false;
  const make = () => {
    if (!made) fill(body, unit.changes.map((c) => changeNode(c, c === top)));
    made = true;
  };
  const details = el("details", { class: `change ${unit.op}`, toggle: () => details.open && make() },
    el("summary", null, el("span", { class: "sign", "aria-hidden": "true" }, signOf(unit.op)),
      el("span", { class: "unseen" }, unit.op), ` ${kindName(top.key?.kind || top.unit?.kind || "")} `, el("strong", null, top.label), el("span", { class: "muted" }, where),
      top.reason ? el("span", { class: "muted" }, `: ${top.reason}`) : null, unit.changes.length > 1 ? el("span", { class: "muted" }, ` (${plural(unit.changes.length - 1, "part")})`) : null,
      open ? null : el("span", { class: "glimpse" }, glimpse(unit))),
    body);
  if (open) {
    make();
    details.open = true;
  }
  return details;
}

function changeNode(change, isTop) {
  const fields = fieldsOf(change);
  const rest = [
    change.adopted ? el("p", { class: "muted" }, "Taken over: it bore no mark of ours.") : null,
    fields.length > 0 ? fieldsTable(change, fields) : null,
    change.op === "update" && fields.length === 0 ? el("p", { class: "muted" }, "What was written is remembered anew.") : null,
    (change.left ?? []).map((l) => el("p", { class: "left" }, `! ${l.name} stays `, el("span", { class: "value" }, short(l.value)), ", not ", el("span", { class: "value" }, short(l.wanted)), `: ${l.reason}`)),
    Object.entries(change.kept ?? {}).map(([kind, n]) => el("p", { class: "muted" }, `= ${count(n)} ${kindName(kind)}: nothing to do`)),
  ];
  if (isTop) return rest;
  return el("div", { class: "part" },
    el("p", null, el("span", { class: "sign", "aria-hidden": "true" }, signOf(change.op)), el("span", { class: "unseen" }, change.op),
      ` ${kindName(change.key?.kind ?? "")} `, el("strong", null, change.label), change.reason ? el("span", { class: "muted" }, `: ${change.reason}`) : null), rest);
}

function fieldsTable(change, fields) {
  const made = change.op === "create";
  return el("table", { class: "diff" }, el("caption", { class: "unseen" }, `Fields of ${change.label}`),
    el("tbody", null, fields.map((f) => el("tr", null, el("th", { scope: "row" }, f.name),
      el("td", null, made ? el("ins", null, short(f.new)) : [el("del", null, short(f.old)), " → ", el("ins", null, short(f.new))])))));
}

function short(value) { return cut(valueText(value), longestValue); }
