package migrate_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/migrate"
)

// FuzzMakePlan: whatever is in the file, the report can be printed, and run says
// what it would do. It makes no folder, since the file may name any.
func FuzzMakePlan(f *testing.F) {
	mixed, err := os.ReadFile("testdata/mixed/applicationHost.config")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{string(mixed), plain(), "", "<site />", "<configuration><location><system.ftpServer><security><authorization><add/></authorization></security></system.ftpServer></location></configuration>", "\xFF\xFE<\x00"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		path, home := filepath.Join(dir, compile.ConfigFile), filepath.Join(dir, "home")
		write(t, path, string(data))
		plan, err := migrate.MakePlan(t.Context(), migrate.Settings{Files: []string{path}})
		if err != nil {
			return // not a file of ours
		}
		text(t, &plan.Report)
		if plan.Report.Count(migrate.Blocks) > 0 {
			return
		}
		if _, err := plan.Run(migrate.Options{Home: home, DryRun: true}, io.Discard); err != nil {
			t.Errorf("nothing blocked, and run says: %v", err)
		}
		if _, err := os.Stat(home); err == nil {
			t.Error("a dry run built a home")
		}
	})
}

// FuzzReadPeople: no list of accounts is too odd to be refused in words.
func FuzzReadPeople(f *testing.F) {
	f.Add([]byte("Name,Enabled\r\nann,True\r\n"), true)
	f.Add([]byte("#TYPE x\r\n\"Group\";\"Name\"\r\n\"G\";\"W\\ann\"\r\n"), true)
	f.Add([]byte("-----\r\nann\r\nThe command completed.\r\n"), false)
	f.Add([]byte("\xFF\xFEN\x00"), true)
	f.Fuzz(func(t *testing.T, data []byte, table bool) {
		path := filepath.Join(t.TempDir(), "list.txt")
		if table {
			path = filepath.Join(filepath.Dir(path), "list.csv")
		}
		write(t, path, string(data))
		people, err := migrate.ReadPeople([]string{path})
		if err != nil {
			return
		}
		for _, u := range people.Users {
			if u.Name == "" {
				t.Error("an account without a name")
			}
		}
	})
}
