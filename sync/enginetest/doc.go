// Package enginetest helps to test what takes part in a run of package sync: conformance suites for anybody's
// [sync.Source] ([TestSource], [RunSource]) and [sync.Sink] ([TestSink], [RunSink]), ends that live in memory ([Source],
// [Sink]), sample estates ([Estate]), and a [Recorder] that checks a run's events.
//
// The ends need no network and start no goroutine, so that they can be used inside a bubble of testing/synctest.
package enginetest
