package host

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/compile"
)

// Among many sites a change is applied first and the lines of the others are
// set right then.
func TestLinesOfManySitesAreRightInTheEnd(t *testing.T) {
	home := compile.NewHome(t.TempDir())
	text := manySites(home.Dir, quickFrom, 20000, 1)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(home.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	h, problems, err := Start(t.Context(), Options{Home: home, PortOffset: 1000, Log: zerolog.Nop(), Grace: time.Second})
	if err != nil {
		t.Fatal(err, problems)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	before := h.Sites()
	write(strings.Replace(text, "number 3.", "number\nthree.", 1))
	r, err := h.Reload(t.Context(), false)
	if err != nil || r.Generation != 2 || len(r.Changes) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	for i, at := range h.Sites() {
		was, is := before[i].Bindings[0].Origin, at.Bindings[0].Origin
		if (was == is) != (i <= 3) {
			t.Errorf("site %d was at %s and is at %s", i, was, is)
		}
	}
	if h.Generation() != 2 || h.Overview().Reloads.Applied != 1 || h.current.Load().result.Displaced {
		t.Errorf("%+v", h.Overview())
	}
}
