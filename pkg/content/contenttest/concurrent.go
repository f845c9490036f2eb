package contenttest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/ftphost/ftphost/pkg/content"
)

// testSpellings lets many writers make one name in many spellings.
func testSpellings(t *testing.T, s content.Store) {
	var wg sync.WaitGroup
	for _, name := range []string{"file.txt", "FILE.TXT", "File.txt", "file.TXT", "fILE.txt."} {
		wg.Go(func() {
			if f, _, err := s.Open(name, content.Append); err == nil {
				f.Close()
			} else {
				t.Error(err)
			}
			if err := s.Mkdir("dir" + name); err != nil && !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := Names(t, s, "."); len(got) != 2 {
		t.Errorf("made %q", got)
	}
}

func testConcurrent(t *testing.T, s content.Store) {
	const workers, files = 8, 30
	mkdir(t, s, "In", "Out")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range files {
				if err := handle(s, fmt.Sprintf("File-%d-%d", w, i), i%3); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if in, out := len(Names(t, s, "in")), len(Names(t, s, "out")); in != workers*files/3 || out != workers*files/3 {
		t.Errorf("%d in, %d out, want %d each", in, out, workers*files/3)
	}
}

// handle makes a file, then moves, removes or finds it, and lists a directory
// that changes meanwhile.
func handle(s content.Store, name string, what int) error {
	f, _, err := s.Open("in/"+name, content.Replace)
	if err != nil {
		return err
	}
	f.Close()
	switch what {
	case 0:
		err = s.Rename("IN/"+strings.ToUpper(name), "out/"+name, false)
	case 1:
		err = s.Remove("in/" + strings.ToLower(name))
	default:
		_, err = s.Stat("in/" + strings.ToUpper(name))
	}
	return errors.Join(err, s.List("out", content.Selection{}, func(content.Info) error { return nil }))
}
