package w3clog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/w3clog"
)

// heard is what the operational log would say.
type heard struct {
	errors     []error
	recoveries []w3clog.Recovery
}

func (h *heard) files() *w3clog.Files {
	f := w3clog.NewFiles(func(err error) { h.errors = append(h.errors, err) })
	f.OnRecovery = func(r w3clog.Recovery) { h.recoveries = append(h.recoveries, r) }
	return f
}

// blocked returns a folder below which nothing can be created until unblock.
func blocked(t *testing.T) (dir string, unblock func()) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, func() {
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
}

// Trouble is told when it begins and when it is over, with what it cost, and
// nobody who writes has to wait for it.
func TestTroubleIsToldTwiceAndNothingBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, unblock := blocked(t)
		var h heard
		files := h.files()
		log := files.Open(settings(filepath.Join(parent, "FTPSVC1")))
		other := files.Open(settings(filepath.Join(parent, "FTPSVC2")))
		for range 300 {
			log.Write(event("2024-01-01 00:00:00", "A"))
			other.Write(event("2024-01-01 00:00:00", "A"))
			files.Tick()
			time.Sleep(time.Second)
		}
		big := event("2024-01-01 00:00:00", "BIG")
		big.Argument = strings.Repeat("x", 1<<20)
		for range 20 {
			log.Write(big) // the memory takes three or four
		}
		files.Tick()
		if len(h.errors) != 1 || !strings.Contains(h.errors[0].Error(), "1 more log") || len(h.recoveries) != 0 {
			t.Fatalf("reports after five minutes: %v, %v", h.errors, h.recoveries)
		}
		unblock()
		files.Tick()
		if len(h.errors) != 1 || len(h.recoveries) != 1 {
			t.Fatalf("reports after the trouble: %v, %v", h.errors, h.recoveries)
		}
		text := read(t, filepath.Join(parent, "FTPSVC1"), "u_ex240101.log")
		if got := strings.Count(text, " A "); got != 300 {
			t.Errorf("%d of 300 kept lines written after the trouble", got)
		}
		r := h.recoveries[0]
		if want := int64(20 - strings.Count(text, " BIG ")); r.MoreLogs != 1 || r.Lost != want || want == 0 || filepath.Dir(r.Directory) != parent {
			t.Errorf("%+v, want %d lost lines", r, want)
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A disk that is full again every few seconds does not fill the operational
// log, and no lost line goes uncounted.
func TestTroubleThatComesAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "FTPSVC1")
		var h heard
		files := h.files()
		log := files.Open(settings(dir))
		big := event("2024-01-01 00:00:00", "BIG")
		big.Argument = strings.Repeat("x", 1<<20)
		for range 15 {
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				log.Write(big)
			}
			files.Tick()
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			files.Tick()
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			time.Sleep(8 * time.Second)
		}
		if len(h.errors) > 3 || len(h.recoveries) > 3 || len(h.errors) == 0 || len(h.recoveries) == 0 {
			t.Errorf("%d and %d reports in two minutes", len(h.errors), len(h.recoveries))
		}
		if err := files.Close(); !errors.Is(err, w3clog.ErrLost) {
			t.Errorf("Close: %v", err)
		}
	})
}

// More lines than memory holds between two writings are counted too.
func TestLostWithoutTrouble(t *testing.T) {
	var h heard
	files := h.files()
	log := files.Open(settings(t.TempDir()))
	big := event("2024-01-01 00:00:00", "BIG")
	big.Argument = strings.Repeat("x", 1<<20)
	for range 10 {
		log.Write(big)
	}
	files.Tick()
	if len(h.errors) != 1 || !errors.Is(h.errors[0], w3clog.ErrLost) || !strings.Contains(h.errors[0].Error(), "lost: 7") {
		t.Errorf("reports: %v", h.errors)
	}
	if err := files.Close(); err != nil {
		t.Error(err)
	}
}

func TestFlushSaysWhatIsWrong(t *testing.T) {
	parent, unblock := blocked(t)
	files := w3clog.NewFiles(nil)
	log := files.Open(settings(filepath.Join(parent, "FTPSVC1")))
	if err := files.Flush(); err != nil {
		t.Errorf("nothing to write: %v", err)
	}
	log.Write(event("2024-01-01 00:00:00", "A"))
	if err := files.Flush(); err == nil || !strings.Contains(err.Error(), "writing the log in "+parent) {
		t.Errorf("error %v", err)
	}
	unblock()
	if err := files.Flush(); err != nil {
		t.Error(err)
	}
	if err := files.Close(); err != nil {
		t.Error(err)
	}
}
