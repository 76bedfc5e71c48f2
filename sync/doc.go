// Package sync keeps a sink true to its sources: read both, compare, plan, apply, and tell every step.
//
//	sources ──▶ inventories ──▶ Sink.Desired ──▶ desired records ─┐
//	sink    ──▶ Sink.Current, Sink.Lookup ────▶ current records ──┴─▶ Diff ──▶ Plan ──▶ Sink.Apply
//
// Start with [New], which makes an [Engine] of one [Sink] and any number of [Source]s; [Engine.Run] does the whole job,
// [Engine.Plan] shows what it would do, [Engine.Events] is the run as a loop over its events. The story of a run reads
// from top to bottom in engine.go.
//
// What the engine sees to, whatever the ends are:
//
//   - An unchanged estate writes nothing.
//   - Only what bears our mark, or is taken over openly, is written; what a person edited stays, by the [Rule] of the
//     field.
//   - Unknown is not gone: nothing is removed under a gap.
//   - A unit, a top-level object with what hangs on it, fails alone.
//   - Cut anywhere, the next run comes to the same state.
//
// The package has the name of one in the standard library. In files that need both, alias that one: stdsync "sync".
package sync
