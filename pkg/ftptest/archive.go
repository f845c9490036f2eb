package ftptest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// The names of an archive's files.
const (
	configFile    = "applicationHost.config"
	ownConfigFile = "ftphost.config"
	managersFile  = "administration.config"
	accountsFile  = "localAccounts"
	certsFile     = "certificates"
	contentPrefix = "content/"
	sessionPrefix = "session"
)

// Archive is a parsed conversation. The package comment has its form.
type Archive struct {
	// Name is the file it came from, for errors.
	Name string
	// Accounts are those of the file localAccounts.
	Accounts []Account
	// Sessions are the dialogues in file order.
	Sessions []*Session

	files        []txtar.File // configuration and content
	certificates map[string]*Certificate
}

// Account is one line of localAccounts.
type Account struct {
	Name, Password string
	Groups         []string
	// Home is its home attribute; $HOME in it stands for the home folder.
	Home string
}

// Session is one dialogue.
type Session struct {
	// Name is the name of its file in the archive.
	Name string

	archive      string
	steps        []step
	certificates map[string]*Certificate
}

// Load reads and parses an archive, and ends the test when it cannot.
func Load(t testing.TB, name string) *Archive {
	t.Helper()
	data, err := os.ReadFile(name) //nolint:gosec // a test names its own files
	if err != nil {
		t.Fatal(err)
	}
	a, err := Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Parse parses an archive. Errors begin with name and line.
func Parse(name string, data []byte) (*Archive, error) {
	a := &Archive{Name: name}
	lines := markerLines(data)
	for i, f := range txtar.Parse(data).Files {
		if err := a.add(f, lines[i]+1); err != nil {
			return nil, err
		}
	}
	if len(a.Sessions) == 0 {
		return nil, fmt.Errorf("%s: no file is named %s", name, sessionPrefix)
	}
	return a, nil
}

// add takes one file, whose text begins at the given line of the archive.
func (a *Archive) add(f txtar.File, line int) (err error) {
	switch {
	case f.Name == configFile, f.Name == ownConfigFile, f.Name == managersFile, strings.HasPrefix(f.Name, contentPrefix):
		if !filepath.IsLocal(f.Name) {
			return fmt.Errorf("%s:%d: %s leads out of the home folder", a.Name, line-1, f.Name)
		}
		a.files = append(a.files, f)
	case f.Name == accountsFile:
		a.Accounts, err = parseAccounts(a.Name, line, f.Data)
	case f.Name == certsFile:
		a.certificates, err = parseCertificates(a.Name, line, f.Data)
	case strings.HasPrefix(f.Name, sessionPrefix):
		s := &Session{Name: f.Name, archive: a.Name, certificates: a.certificates}
		s.steps, err = parseSteps(a.Name, line, string(f.Data))
		a.Sessions = append(a.Sessions, s)
	default:
		return fmt.Errorf("%s:%d: %s is no file of a conversation", a.Name, line-1, f.Name)
	}
	return err
}

// none stands for no groups.
const none = "-"

func parseAccounts(name string, line int, data []byte) ([]Account, error) {
	var accounts []Account
	for i, text := range strings.Split(string(data), "\n") {
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		if len(fields) < 2 || len(fields) > 4 {
			return nil, fmt.Errorf("%s:%d: want name, password, groups, home", name, line+i)
		}
		a := Account{Name: fields[0], Password: fields[1]}
		if len(fields) > 2 && fields[2] != none {
			a.Groups = strings.Split(fields[2], ",")
		}
		if len(fields) > 3 {
			a.Home = fields[3]
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// markerLines returns the line of each file marker, counted from 1.
func markerLines(data []byte) []int {
	var lines []int
	for i, line := range bytes.Split(data, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		name, isMarker := bytes.CutPrefix(line, []byte("-- "))
		if name, ends := bytes.CutSuffix(name, []byte(" --")); isMarker && ends && len(bytes.TrimSpace(name)) > 0 {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// WriteHome writes the configuration, the certificates and the content into
// home, which exists.
// Accounts are left to the caller, who knows how they are stored.
func (a *Archive) WriteHome(home string) error {
	for _, f := range a.files {
		to := filepath.Join(home, filepath.FromSlash(f.Name))
		if strings.HasSuffix(f.Name, "/") {
			if err := os.MkdirAll(to, 0o700); err != nil {
				return err
			}
			continue
		}
		data := f.Data
		if !strings.HasPrefix(f.Name, contentPrefix) {
			data = a.withThumbprints(bytes.ReplaceAll(data, []byte("$HOME"), []byte(home)))
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return err
		}
	}
	return a.writeCertificates(home)
}
