package compile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
	"github.com/ftphost/ftphost/pkg/xmldoc"
	"github.com/ftphost/ftphost/schema"
)

// Names of the files in a home folder.
const (
	ConfigFile  = "applicationHost.config"
	OwnFile     = "ftphost.config"
	AccountFile = "localAccounts.config"
	// AdministrationFile has the IIS Manager users.
	AdministrationFile = "administration.config"
	SchemaDir          = "schema"
	// CertificatesDir has a folder for each certificate store.
	CertificatesDir = "certificates"
)

// Home says where a configuration is.
type Home struct {
	// Dir is the folder of the configuration; relative paths start there.
	Dir string
	// Config is the applicationHost.config; after Resolve, the one that is read.
	Config string

	alone    bool // nothing but Config counts (Alone)
	resolved bool
	draft    bool    // Config has the place of another file (With)
	text     []byte  // is read instead of Config, unless it is nil
	shared   *shared // nil for a home that has its configuration itself
	// known is the schema, if it was read already.
	known *apphost.Schema
	// instead has the paths of files that are taken from elsewhere, by name.
	instead map[string]string
}

// NewHome is the home in dir with the usual file names.
func NewHome(dir string) Home {
	return Home{Dir: dir, Config: filepath.Join(dir, ConfigFile)}
}

// Own is the path of ftphost.config.
func (h Home) Own() string { return h.at(OwnFile, filepath.Join(h.Dir, OwnFile)) }

// Accounts is the path of localAccounts.config.
func (h Home) Accounts() string { return filepath.Join(h.Dir, AccountFile) }

// Administration is the path of administration.config. With a shared
// configuration, which only a home after Resolve knows of, it is that of the
// copy: the users can log in while the share is away.
func (h Home) Administration() string {
	if h.shared != nil {
		return filepath.Join(h.Dir, SharedDir, AdministrationFile)
	}
	return h.at(AdministrationFile, filepath.Join(h.Dir, AdministrationFile))
}

// schemas is the folder of schema documents that are added to ours.
func (h Home) schemas() string { return h.at(SchemaDir, filepath.Join(h.Dir, SchemaDir)) }

// Certificates is the folder of the certificate stores.
func (h Home) Certificates() string { return filepath.Join(h.Dir, CertificatesDir) }

// Load reads and validates the configuration of the home, which it resolves if
// that was not done. The list holds everything that is wrong or doubtful; the
// configuration is nil when anything is wrong.
func (h Home) Load() (*apphost.Configuration, apphost.ErrorList) {
	h, problems := h.Resolve()
	if problems.Errors() > 0 {
		return nil, problems
	}
	definitions, err := h.schema()
	if err != nil {
		return nil, append(problems, fileErrors(err)...)
	}
	var documents []*xmldoc.Document
	for _, file := range []struct {
		path     string
		optional bool
	}{{h.Config, false}, {h.Own(), true}} {
		doc, err := h.document(file.path)
		switch {
		case err == nil:
			documents = append(documents, doc)
		case file.optional && errors.Is(err, fs.ErrNotExist):
		case errors.Is(err, fs.ErrNotExist):
			problems = append(problems, &apphost.Error{
				Pos: xmldoc.Pos{File: file.path}, Err: err,
				Msg: "there is no such file; name the home folder with --home, or make one with: ftphost init DIR",
			})
		default:
			problems = append(problems, fileErrors(err)...)
		}
	}
	if problems.Errors() > 0 {
		return nil, problems
	}
	cfg, more := apphost.Load(definitions, documents...)
	problems = append(problems, more...)
	problems.Sort()
	return cfg, problems
}

// LoadOwn reads and validates ftphost.config alone, which need not be there: for
// what is needed even when applicationHost.config has errors.
func (h Home) LoadOwn() (*apphost.Configuration, apphost.ErrorList) {
	definitions, err := h.schema()
	if err != nil {
		return nil, fileErrors(err)
	}
	return h.loadOwn(definitions)
}

func (h Home) loadOwn(definitions *apphost.Schema) (*apphost.Configuration, apphost.ErrorList) {
	var own []*xmldoc.Document
	doc, err := readDocument(h.Own())
	switch {
	case err == nil:
		own = append(own, doc)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fileErrors(err)
	}
	return apphost.Load(definitions, own...)
}

// document reads a file, but what was read from a shared folder already.
func (h Home) document(path string) (*xmldoc.Document, error) {
	if h.text != nil && path == h.Config {
		return xmldoc.Parse(path, h.text)
	}
	if h.shared != nil && path == h.Config && !h.draft {
		return xmldoc.Parse(path, h.shared.files[ConfigFile])
	}
	return readDocument(path)
}

// managers reads the IIS Manager users; with an error there are none.
func (h Home) managers() (*iismanager.Directory, apphost.ErrorList) {
	if h.shared == nil {
		return accounts.LoadAdministration(h.Administration())
	}
	data, found := h.shared.files[AdministrationFile]
	if !found {
		return iismanager.NewDirectory(nil, nil), nil
	}
	return accounts.ParseAdministration(filepath.Join(filepath.Dir(h.Config), AdministrationFile), data)
}

// schema is the embedded schema and what the home's schema folder adds.
func (h Home) schema() (*apphost.Schema, error) {
	if h.known != nil {
		return h.known, nil
	}
	documents, err := readSchemas(schema.FS, ".")
	if err != nil {
		return nil, err
	}
	dir := h.schemas()
	if _, err := os.Stat(dir); err == nil && dir != "" {
		extra, err := readSchemas(os.DirFS(dir), dir)
		if err != nil {
			return nil, err
		}
		documents = append(documents, extra...)
	}
	return apphost.ParseSchema(documents...)
}

// ComputerName is this machine's name as Windows writes it in front of local
// accounts: the first label, in capitals.
func ComputerName() (string, error) {
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("finding the name of this computer: %w", err)
	}
	label, _, _ := strings.Cut(name, ".")
	return strings.ToUpper(label), nil
}

func readSchemas(files fs.FS, prefix string) ([]*xmldoc.Document, error) {
	names, err := fs.Glob(files, "*.xml")
	if err != nil {
		return nil, err
	}
	var documents []*xmldoc.Document
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		doc, err := xmldoc.Parse(filepath.Join(prefix, name), data)
		if err != nil {
			return nil, err
		}
		documents = append(documents, doc)
	}
	return documents, nil
}

func readDocument(path string) (*xmldoc.Document, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return xmldoc.Parse(path, data)
}

// fileErrors puts an error of reading or parsing a file into the list form.
func fileErrors(err error) apphost.ErrorList {
	var list apphost.ErrorList
	if errors.As(err, &list) {
		return list
	}
	var parse *xmldoc.Error
	if errors.As(err, &parse) {
		return apphost.ErrorList{{Pos: parse.Pos, Msg: parse.Msg, Err: err}}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return apphost.ErrorList{{Pos: xmldoc.Pos{File: path.Path}, Msg: "cannot be read: " + path.Err.Error(), Err: err}}
	}
	return apphost.ErrorList{{Msg: err.Error(), Err: err}}
}
