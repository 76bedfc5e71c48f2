package enginetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// check holds an end to one sentence of its contract.
type check[T any] struct {
	name     string
	sentence string
	holds    func(ctx context.Context, end T) error
}

// test runs the check, and quotes the sentence that does not hold.
func (c check[T]) test(ctx context.Context, end T) error {
	if err := c.holds(ctx, end); err != nil {
		return fmt.Errorf("%s: %q does not hold: %w", c.name, c.sentence, err)
	}
	return nil
}

func testAll[T any](ctx context.Context, checks []check[T], end T) error {
	var errs []error
	for _, c := range checks {
		errs = append(errs, c.test(ctx, end))
	}
	return errors.Join(errs...)
}

func runAll[T any](t *testing.T, checks []check[T], end T) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.test(t.Context(), end); err != nil {
				t.Error(err)
			}
		})
	}
}
