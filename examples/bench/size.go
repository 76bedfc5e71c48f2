package main

import (
	"fmt"
	"strings"
)

// size is how large an estate is.
type size struct {
	Name   string `json:"name"`
	Nodes  int    `json:"nodes"`
	Guests int    `json:"guests"`
}

func allSizes() []size {
	return []size{{"S", 3, 40}, {"M", 8, 500}, {"L", 16, 2_000}, {"XL", 32, 10_000}}
}

// sizes is a flag that takes several, separated by commas or given again.
type sizes []size

// String implements [flag.Value].
func (s *sizes) String() string {
	var names []string
	for _, one := range *s {
		names = append(names, one.Name)
	}
	return strings.Join(names, ",")
}

// Set implements [flag.Value].
func (s *sizes) Set(text string) error {
next:
	for name := range strings.SplitSeq(text, ",") {
		for _, one := range allSizes() {
			if strings.EqualFold(name, one.Name) {
				*s = append(*s, one)
				continue next
			}
		}
		return fmt.Errorf("%q is none of S, M, L and XL", name)
	}
	return nil
}
