package appcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/history"
)

// backupDir has the backups, below the home.
const backupDir = "backup"

// nameFormat is how a backup is called that nobody gave a name.
const nameFormat = "20060102T150405"

// archive is what backups work on.
type archive struct {
	home   compile.Home
	parts  []history.Part
	folder string
	// histories are listed and restored as well.
	histories history.Settings
}

func (r *run) archive() (*archive, error) {
	if r.alone {
		return nil, &failure{code: codeInvalid, text: "A backup is of a whole home, not of one file.", hint: "name the home with --home"}
	}
	home, problems := r.home.Resolve()
	if problems.Errors() > 0 {
		return nil, problems
	}
	a := &archive{home: home, folder: filepath.Join(home.Dir, backupDir)}
	a.parts = append(home.Kept(), history.Part{Name: compile.RedirectionFile, Path: home.Redirection()})
	a.histories = history.Settings{Enabled: true, Folder: home.History(), Max: mostHistories}
	if cfg, _ := home.Load(); cfg != nil {
		a.histories = compile.HistorySettings(cfg, home)
	}
	return a, nil
}

// mostHistories is IIS's number, for a configuration that cannot be read.
const mostHistories = 10

// backupName is a name that is one folder.
func backupName(name string) error {
	if name == "" || name != filepath.Base(name) || strings.ContainsAny(name, `/\:*?"<>|`) || strings.HasPrefix(name, ".") {
		return &failure{code: codeInvalid, text: fmt.Sprintf("The name of the backup \"%s\" is not valid.", name), hint: "it is the name of a folder: letters, digits, spaces, - and _"}
	}
	return nil
}

func (r *run) backupNamed() string {
	name := r.identifier()
	if given, ok := r.take("name"); ok {
		name = given
	}
	return name
}

func (r *run) addBackup() error {
	a, err := r.archive()
	if err != nil {
		return err
	}
	name := r.backupNamed()
	if name == "" {
		now := time.Now
		if r.env.Now != nil {
			now = r.env.Now
		}
		name = now().Format(nameFormat)
	}
	if err := backupName(name); err != nil {
		return err
	}
	err = history.Save(a.parts, a.folder, name)
	if errors.Is(err, fs.ErrExist) {
		return &failure{code: codeDuplicate, text: fmt.Sprintf("Failed to add duplicate collection element \"%s\".", name), hint: "there is a backup of this name"}
	}
	if err != nil {
		return err
	}
	r.say(`BACKUP object "%s" added`, name)
	return nil
}

func (a *archive) names() ([]string, error) {
	var names []string
	found, err := os.ReadDir(a.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, f := range found {
		if f.IsDir() && !strings.HasPrefix(f.Name(), ".") {
			names = append(names, f.Name())
		}
	}
	entries, err := history.List(a.histories.Folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names, nil
}

func (r *run) listBackups() error {
	a, err := r.archive()
	if err != nil {
		return err
	}
	names, err := a.names()
	if err != nil {
		return err
	}
	want := r.backupNamed()
	var list []*object
	for _, name := range names {
		if want == "" || strings.EqualFold(want, name) {
			list = append(list, &object{kind: "BACKUP", name: name, line: "", shown: nameOf("BACKUP.NAME", name)})
		}
	}
	return r.print(list)
}

// existing finds the backup that is asked for.
func (r *run) existing() (a *archive, name string, err error) {
	if a, err = r.archive(); err != nil {
		return nil, "", err
	}
	want := r.backupNamed()
	if want == "" {
		return nil, "", unnamed("BACKUP")
	}
	names, err := a.names()
	if err != nil {
		return nil, "", err
	}
	for _, name := range names {
		if strings.EqualFold(name, want) {
			return a, name, nil
		}
	}
	return nil, "", notFound("BACKUP", want)
}

// dir is the folder of a backup or of a history.
func (a *archive) dir(name string) string {
	dir := filepath.Join(a.folder, name)
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	return filepath.Join(a.histories.Folder, name)
}

func (r *run) deleteBackup() error {
	a, name, err := r.existing()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(a.dir(name)); err != nil {
		return err
	}
	r.say(`BACKUP object "%s" deleted`, name)
	return nil
}

func (r *run) restoreBackup() error {
	a, name, err := r.existing()
	if err != nil {
		return err
	}
	if a.home.Away() {
		return &failure{code: codeFailed, text: "The shared configuration cannot be read now, so nothing is written there."}
	}
	a.histories.Enabled = true
	restored, err := history.RestoreFrom(a.parts, a.histories, a.dir(name), func(dir string) error {
		snapshot, problems := compile.Open(a.home.WithFilesOf(dir))
		if snapshot == nil {
			return problems
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(restored.Left) > 0 {
		r.note("not in that backup, and left as they are: %s", strings.Join(restored.Left, ", "))
	}
	r.note("the state before is %s; a server that runs follows by itself", restored.Before)
	r.say(`Restored configuration from backup "%s"`, name)
	return nil
}
