// What the events of a run add up to. Nothing here grows with the number of events, but for the reasons that there are.

const mostFailures = 300, mostNames = 30, mostReasons = 300, mostRecent = 100;
const window = 30_000; // ms over which the rate is taken: objects come to their ends in bulk

/** Fold takes the events of one run, in order. Whoever shows it reads its fields. */
export class Fold {
  done = 0;
  total = 0; // 0 before the plan is known
  phase = "";
  objects = {}; // by kind: {created, …}
  children = {};
  current = new Map(); // what is being worked on, by key
  failures = []; // as failureOf makes them
  failureCount = 0;
  staleCount = 0;
  left = new Map(); // what was left alone, by reason: {count, names}
  leftCount = 0;
  recent = []; // the latest objects that are not as they were, the newest last
  recentCount = 0;
  result = null;
  error = "";
  #ends = []; // times of the objects' ends in the window
  #begun = 0; // when the first could be written

  /** observe adds an event. */
  observe(event) {
    if (event.type === "step") this.#step(event);
    else if (event.type === "failure") this.#failure(event);
    else if (event.type === "complete") {
      this.result = event.result ?? {};
      this.current.clear();
    }
  }

  /** rate returns how many objects a second came to their end lately, by the server's clock; 0 if it cannot be told. */
  rate(now) {
    const span = Math.min(window, now - this.#begun);
    const recent = this.#ends.filter((at) => at > now - window).length;
    return span < 1000 ? 0 : recent / (span / 1000);
  }

  #step(step) {
    if (step.stage) this.phase = step.stage;
    if (step.stage === "plan" && step.status === "completed") {
      this.total = step.total ?? 0;
      this.#begun = Date.parse(step.time);
    }
    if (!step.key?.kind) return;
    const key = `${step.key.kind} ${step.key.name}`;
    if (step.status !== "completed") {
      this.current.set(key, { kind: step.key.kind, name: step.name || step.key.name, done: step.done, total: step.total });
      return;
    }
    this.current.delete(key);
    if (!step.op) return;
    this.#end(step);
    add(this.objects, step.key.kind, step.op);
    for (const text of step.notes ?? []) this.#leave(text, step);
    if (step.op !== "keep" || step.changes?.length > 0) this.#remember(step, step.op, step.changes ?? []);
  }

  #failure(failure) {
    const errors = failure.errors ?? [];
    if (!failure.key?.kind) {
      this.error = errors[0]?.error ?? "the run was ended";
      this.failureCount += errors.length;
      return;
    }
    this.current.delete(`${failure.key.kind} ${failure.key.name}`);
    if (failure.key.kind !== "source") {
      this.#end(failure);
      add(this.objects, failure.key.kind, "fail");
      this.#remember(failure, "fail", []);
    }
    for (const one of errors) {
      this.failureCount++;
      if (isStale(one.error)) this.staleCount++;
      if (this.failures.length < mostFailures) this.failures.push(failureOf(one, failure.name));
    }
  }

  #end(event) {
    this.done++;
    const at = Date.parse(event.time);
    this.#ends.push(at);
    if (this.#ends.length > 64 && this.#ends[32] < at - window) this.#ends = this.#ends.filter((t) => t > at - window);
    for (const [kind, counts] of Object.entries(event.children ?? {})) {
      this.children[kind] ??= {};
      for (const [op, n] of Object.entries(counts)) this.children[kind][op] = (this.children[kind][op] ?? 0) + n;
    }
  }

  #leave(text, step) { this.leave(text, `${step.key.kind} ${step.name}: `, Object.keys(step.children ?? {})); }

  /** leave adds a note on what was left alone. */
  leave(text, prefix, kinds) {
    this.leftCount++;
    const { name, reason } = noteOf(text, prefix, kinds);
    const key = this.left.has(reason) || this.left.size < mostReasons ? reason : "for other reasons";
    const group = this.left.get(key) ?? { count: 0, names: [] };
    group.count++;
    if (group.names.length < mostNames) group.names.push(name);
    this.left.set(key, group);
  }

  #remember(event, op, changes) {
    this.recentCount++;
    this.recent.push({ number: this.recentCount, op, kind: event.key.kind, name: event.name || event.key.name, changes });
    if (this.recent.length > mostRecent) this.recent.shift();
  }
}

const counters = { create: "created", update: "updated", delete: "deleted", keep: "kept", skip: "skipped", fail: "failed" };

function add(counts, kind, op) {
  counts[kind] ??= {};
  counts[kind][counters[op]] = (counts[kind][counters[op]] ?? 0) + 1;
}

/** failureOf returns what is shown of a failure. */
export function failureOf(one, unit) {
  const name = one.label || one.key?.name || "";
  const key = one.key?.name ?? "";
  return {
    kind: one.key?.kind ?? "", name, error: one.error ?? "", stale: isStale(one.error),
    unit: unit && unit !== name ? unit : "",
    where: key !== name ? key : "", // of two that are called alike, which one
  };
}

/** isStale tells whether an object was refused because it had changed since its plan was made. */
export function isStale(error) { return String(error ?? "").includes("changed since the plan was made"); }

/**
 * noteOf takes a note apart: "guest web1: port net0: it is somebody else's" is about "guest web1, port net0". Without
 * the prefix that names the object, it is taken for the first words before a colon.
 */
export function noteOf(text, prefix, kinds) {
  const at = prefix && text.startsWith(prefix) ? prefix.length : text.indexOf(": ") + 2;
  if (at < 2) return { name: "", reason: text };
  let name = text.slice(0, at - 2), reason = text.slice(at);
  const space = reason.indexOf(" "), colon = reason.indexOf(": ");
  if (space > 0 && colon > space && kinds.includes(reason.slice(0, space))) {
    name += ", " + reason.slice(0, colon);
    reason = reason.slice(colon + 2);
  }
  return { name, reason };
}

/** foldOf returns what is known of a run without its events. */
export function foldOf(run) {
  const fold = new Fold();
  Object.assign(fold, {
    done: run.done ?? 0, total: run.total ?? 0, phase: run.phase ?? "", objects: run.objects ?? {}, children: run.children ?? {},
    failureCount: run.failure_count ?? 0, error: run.error ?? "",
    failures: (run.failures ?? []).filter((one) => one.key?.kind !== "run").map((one) => failureOf(one, "")),
  });
  fold.staleCount = fold.failures.filter((f) => f.stale).length;
  const kinds = [...Object.keys(fold.objects), ...Object.keys(fold.children)];
  for (const text of run.skipped ?? []) fold.leave(text, "", kinds);
  fold.leftCount = run.skipped_count ?? fold.leftCount;
  for (const o of run.current ?? []) fold.current.set(`${o.kind} ${o.name}`, o);
  return fold;
}
