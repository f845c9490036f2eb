package migrate

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/compile"
)

// copied is a file that goes into the home as it is.
type copied struct{ from, to string }

// copies are the files that go into a home unchanged, but for the
// applicationHost.config.
func (p *Plan) copies(home compile.Home) (all []copied) {
	if p.source.Administration != "" {
		all = append(all, copied{p.source.Administration, home.Administration()})
	}
	for _, path := range p.source.Schemas {
		all = append(all, copied{path, filepath.Join(home.Dir, compile.SchemaDir, filepath.Base(path))})
	}
	return all
}

// stageFiles puts those files into the folder that stands for the home.
func (p *Plan) stageFiles(home compile.Home) error {
	for _, c := range p.copies(home) {
		data, err := os.ReadFile(c.from)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(c.to), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(c.to, data, 0o600); err != nil { //nolint:gosec // below a folder that was made for it, by the base name
			return err
		}
	}
	return nil
}

// stage builds the rest of the home there, without passwords. The certificates
// are there already.
func (p *Plan) stage(home compile.Home) error {
	if err := os.WriteFile(home.Own(), p.ownFile(), 0o600); err != nil {
		return err
	}
	people := make([]accounts.NewUser, 0, len(p.accounts))
	for _, person := range p.accounts {
		people = append(people, accounts.NewUser{Name: person.Name, Enabled: person.Enabled})
	}
	if len(people)+len(p.groups) > 0 {
		if _, err := accounts.Open(home.Accounts()).Import(people, p.newGroups()); err != nil {
			return err
		}
	}
	for _, folder := range p.folders {
		if filepath.IsAbs(folder) {
			continue
		}
		if err := os.MkdirAll(filepath.Join(home.Dir, folder), 0o700); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) newGroups() []accounts.NewGroup {
	groups := make([]accounts.NewGroup, 0, len(p.groups))
	for _, g := range p.groups {
		groups = append(groups, accounts.NewGroup{Name: g.Group, Members: g.Members})
	}
	return groups
}

// ownFile is the text of ftphost.config.
func (p *Plan) ownFile() []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!--
    What IIS has no word for. The sites are in applicationHost.config, as they
    came from Windows.
-->
<configuration>
    <ftpHost>
        <pathMap>
`)
	for _, r := range p.roots {
		fmt.Fprintf(&b, "            <add from=\"%s\" to=\"%s\" />\n", escaped(r.from), escaped(filepath.ToSlash(r.to)))
	}
	names := make([]string, 0, len(p.settings.Variables))
	for name := range p.settings.Variables {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "            <variable name=\"%s\" value=\"%s\" />\n", escaped(name), escaped(p.settings.Variables[name]))
	}
	b.WriteString(`        </pathMap>
        <accounts>
            <sources>
                <add name="Local accounts" type="LocalAccounts" />
            </sources>
        </accounts>
    </ftpHost>
</configuration>
`)
	return b.Bytes()
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
