package ftpserver_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// playOver plays sessions, written as in an archive, on the sites of another
// archive, in whose content the files have been made. It returns the log of the
// first site.
func playOver(t *testing.T, archiveName string, files map[string]string, sessions string) (log string) {
	t.Helper()
	archive, err := os.ReadFile(archiveName)
	if err != nil {
		t.Fatal(err)
	}
	sites, _, _ := strings.Cut(string(archive), "-- session ")
	a, err := ftptest.Parse(t.Name(), []byte(sites+sessions))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := start(t, a, nil)
		content := r.config.Sites[0].Directories[0].Physical
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(content, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		ftptest.Run(t, a, r.target)
		r.stop(t)
		log = readLog(t, filepath.Join(r.logDir, "FTPSVC1"))
	})
	return log
}

// readLog returns what stands in the log files of a folder.
func readLog(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no log in %s: %v", folder, err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
