package main

import "time"

// seconds is a duration as it is printed.
type seconds float64

func inSeconds(d time.Duration) seconds { return seconds(d.Seconds()) }
