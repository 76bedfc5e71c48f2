// Values as people read them.

const numbers = new Intl.NumberFormat("en");

/** count writes a number with its thousands apart. */
export function count(n) { return numbers.format(n ?? 0); }

/** plural writes a number of things. */
export function plural(n, one, many = one + "s") { return `${count(n)} ${n === 1 ? one : many}`; }

const stages = { "full-update": "Full update", devices: "Devices", "virtual-machines": "Virtual machines" };

/** stageName returns what a run is about. */
export function stageName(stage) { return stages[stage] ?? String(stage || "Run"); }

/** titleOf names a run. */
export function titleOf(run) {
  if (run.plan_of) return `${stageName(run.stage)}: plan applied`;
  return run.dry_run ? `${stageName(run.stage)}: dry run` : stageName(run.stage);
}

/** scopeOf says what a run is restricted to. */
export function scopeOf(run) {
  const { sources = [], guests = [] } = run.scope ?? {};
  if (guests?.length > 0) {
    const some = guests.slice(0, 5).map((g) => `${g.source} ${g.id}`).join(", ");
    return `guests ${some}${guests.length > 5 ? ` and ${count(guests.length - 5)} more` : ""}`;
  }
  return sources?.length > 0 ? sources.join(", ") : "all clusters";
}

const marks = { waiting: "…", running: "▶", completed: "✓", failed: "✕", cancelled: "■", interrupted: "!" };

/** markOf returns the sign of a state. */
export function markOf(state) { return marks[state] ?? "·"; }

/** isOpen tells whether a run is to begin or under way. */
export function isOpen(run) { return run.state === "waiting" || run.state === "running"; }

const phases = { read: "reading the clusters and NetBox", plan: "comparing", shared: "writing shared objects" };

/** phaseName says what a run is at. */
export function phaseName(phase) {
  if (!phase) return "";
  return phases[phase] ?? `writing ${String(phase).replaceAll("-", " ")}`;
}

/** kindName returns a kind in words. */
export function kindName(kind) { return String(kind).replaceAll("-", " "); }

const signs = { create: "+", update: "~", delete: "−", keep: "=", skip: "!", fail: "✕" };
const past = { create: "created", update: "updated", delete: "deleted", keep: "kept", skip: "left alone", fail: "failed" };

/** signOf returns the sign of an operation. */
export function signOf(op) { return signs[op] ?? "·"; }

/** doneOf says what an operation did. */
export function doneOf(op) { return past[op] ?? String(op ?? ""); }

/** duration writes a time that something takes, in ms. */
export function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${count(Math.floor(s / 3600))} h ${Math.floor((s % 3600) / 60)} min`;
}

/** ago writes how long something is past, roughly. */
export function ago(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${count(Math.floor(minutes / 1440))} days ago`;
}

/** clock writes a time of the server as this place's clocks show it. */
export function clock(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  const two = (n) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** valueText writes a field's value: texts without quotes, references by name. */
export function valueText(value) {
  if (value === null || value === undefined) return "(nothing)";
  if (value === "") return "(empty)";
  if (typeof value === "string") return value;
  if (Array.isArray(value?.$refs)) return value.$refs.map((pair) => pair[1]).join(", ");
  return JSON.stringify(value);
}

/** cut shortens a text. */
export function cut(text, most) { return text.length > most ? text.slice(0, most - 1) + "…" : text; }

const operations = ["created", "updated", "deleted", "kept", "skipped", "failed"];

/** totals adds up counts of all kinds. */
export function totals(counts) {
  const sum = Object.fromEntries(operations.map((op) => [op, 0]));
  for (const of of Object.values(counts ?? {})) for (const op of operations) sum[op] += of[op] ?? 0;
  return sum;
}

/** summary tells in a few words what became of a run. */
export function summary(run) {
  if (run.state === "waiting") return "waits for its turn";
  if (run.state === "running") return run.total > 0 ? `${count(run.done)} of ${count(run.total)}` : phaseName(run.phase);
  const sum = totals(run.dry_run ? run.planned : run.objects);
  const parts = run.dry_run
    ? [[sum.created, "to create"], [sum.updated, "to update"], [sum.deleted, "to delete"], [sum.skipped, "left alone"]]
    : [[sum.created, "created"], [sum.updated, "updated"], [sum.deleted, "deleted"], [sum.skipped, "left alone"]];
  const failures = run.failure_count ?? 0;
  const told = [...parts, [failures, "failed"], [run.unreached, "not reached"]].filter(([n]) => n > 0).map(([n, word]) => `${count(n)} ${word}`);
  if (told.length > 0) return told.join(", ");
  return run.error ? cut(run.error, 80) : "nothing to do";
}
