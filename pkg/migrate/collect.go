// Package migrate moves a Windows server with IIS FTP sites to this machine: it
// says what carries over, what needs a decision and what does not work here, and
// builds a home from what was copied. It changes no file of its own accord that
// somebody else wrote, and never guesses without saying so.
package migrate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Source is what was copied from the Windows server.
type Source struct {
	// Config is the applicationHost.config; the next two may be "".
	Config, Administration, Redirection string
	// Certificates are PFX and PEM files, Accounts lists of users, groups and
	// members, Schemas schema documents, Webs web.config files.
	Certificates, Accounts, Schemas, Webs []string
	// Unknown are files that are of no use.
	Unknown []string
}

// ErrNoConfig means that no file is an applicationHost.config.
var ErrNoConfig = errors.New("none of the files is an applicationHost.config")

// Collect finds out what files are, by content and name. A folder stands for the
// files in it. The error is ErrNoConfig, or says which file is in the way.
func Collect(paths []string) (*Source, error) {
	s := &Source{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			if err := s.take(path); err != nil {
				return nil, err
			}
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			if err := s.take(filepath.Join(path, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	if s.Config == "" {
		return nil, s.missing()
	}
	return s, nil
}

func (s *Source) missing() error {
	seen := ""
	switch {
	case len(s.Webs) > 0:
		seen = fmt.Sprintf("; %s is a web.config, which IIS does not ask about FTP", s.Webs[0])
	case s.Redirection != "":
		seen = fmt.Sprintf("; %s says where the shared one is: copy it from there", s.Redirection)
	case len(s.Unknown) > 0:
		seen = fmt.Sprintf("; %s is something else", s.Unknown[0])
	}
	return fmt.Errorf(`%w%s. Copy %%windir%%\System32\inetsrv\config\applicationHost.config from the Windows server, with a 64-bit program`, ErrNoConfig, seen)
}

// take enters one file.
func (s *Source) take(path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".pfx", ".p12", ".pem", ".crt", ".cer":
		s.Certificates = append(s.Certificates, path)
	case ".key", ".password": // beside a certificate
	case ".csv", ".txt":
		s.Accounts = append(s.Accounts, path)
	case ".config", ".xml":
		return s.takeXML(path)
	default:
		s.Unknown = append(s.Unknown, path)
	}
	return nil
}

func (s *Source) takeXML(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	doc, err := xmldoc.Parse(path, data)
	if err != nil {
		// What is wrong with it is told with its place later on.
		return s.takeNamed(path)
	}
	root := doc.Root()
	has := func(tag string) bool { return root.SelectElement(tag) != nil }
	switch {
	case root.Tag == "configSchema":
		if !stockSchema(path) {
			s.Schemas = append(s.Schemas, path)
		}
		return nil
	case has("configurationRedirection"):
		return only(&s.Redirection, path)
	case has("system.applicationHost"):
		return only(&s.Config, path)
	case isAdministration(path, doc):
		return only(&s.Administration, path)
	case strings.EqualFold(filepath.Base(path), "web.config"), has("system.web"):
		s.Webs = append(s.Webs, path)
		return nil
	}
	return s.takeNamed(path)
}

// takeNamed goes by the name of a file alone.
func (s *Source) takeNamed(path string) error {
	switch base := filepath.Base(path); {
	case strings.EqualFold(base, compile.ConfigFile):
		return only(&s.Config, path)
	case strings.EqualFold(base, compile.AdministrationFile):
		return only(&s.Administration, path)
	case strings.EqualFold(base, compile.RedirectionFile):
		return only(&s.Redirection, path)
	case strings.EqualFold(base, "web.config"):
		s.Webs = append(s.Webs, path)
	default:
		s.Unknown = append(s.Unknown, path)
	}
	return nil
}

func only(slot *string, path string) error {
	if *slot != "" {
		return fmt.Errorf("%s and %s are both of one kind; give one of them", *slot, path)
	}
	*slot = path
	return nil
}

func isAdministration(path string, doc *xmldoc.Document) bool {
	if strings.EqualFold(filepath.Base(path), compile.AdministrationFile) {
		return true
	}
	server := doc.Root().SelectElement("system.webServer")
	return server != nil && server.SelectElement("management") != nil
}

// stockSchema tells the schema documents that come with IIS: what they declare
// is known.
func stockSchema(path string) bool {
	return slices.Contains([]string{
		"iis_schema.xml", "ftp_schema.xml", "fx_schema.xml", "aspnet_schema.xml", "iis_admin_schema.xml", "rscaext.xml",
	}, strings.ToLower(filepath.Base(path)))
}
