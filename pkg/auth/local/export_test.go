package local

import "context"

// Occupy holds one place of w from the time it sends to inside until leave is
// closed.
func Occupy(w *Workers, inside chan<- struct{}, leave <-chan struct{}) {
	_ = w.do(context.Background(), false, func() {
		inside <- struct{}{}
		<-leave
	})
}

// Do runs f in a place of w.
func Do(ctx context.Context, w *Workers, suspect bool, f func()) error { return w.do(ctx, suspect, f) }
