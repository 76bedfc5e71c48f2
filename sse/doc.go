// Package sse speaks Server-Sent Events: frames, what writes and reads them, and the dialects in which the events of a
// run are told.
//
// An [Encoder] writes events in a [Dialect]: [Documented] is what plugin netbox-proxbox v0.0.7 and its documentation
// know, [Stages] what the newest plugin reads of each stage of its jobs, [Plain] holds each event whole, and [Events]
// reads that back without loss. [Frames] reads any event stream.
//
// What is written is ASCII with LF line ends and one data line a frame, because there are clients that take the stream
// for ISO-8859-1, or split it at every character that Unicode calls a line end.
package sse
