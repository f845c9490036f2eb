package local

import "context"

// Occupy holds one place of w from the time it sends to inside until leave is
// closed.
func Occupy(w *Workers, inside chan<- struct{}, leave <-chan struct{}) {
	_ = w.do(context.Background(), func() {
		inside <- struct{}{}
		<-leave
	})
}
