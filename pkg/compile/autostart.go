package compile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/durable"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// ErrNoSite means that no ftp site has a name or number.
var ErrNoSite = errors.New("there is no such ftp site")

// SetAutoStart writes whether a site, by name or number, is to be served:
// ftpServer/@serverAutoStart, where IIS keeps what its Start and Stop did. It
// reports whether the file had to change. Nobody else's change is lost, and a
// file with errors, or that would have some then, is not written. The error is
// ErrNoSite, or says what is wrong.
func (h Home) SetAutoStart(site string, on bool) (changed bool, err error) {
	h, problems := h.Resolve()
	switch {
	case problems.Errors() > 0:
		return false, problems
	case h.shared != nil && h.shared.copied:
		return false, fmt.Errorf("the shared configuration cannot be written: %w", problems)
	}
	unlock, err := durable.Lock(h.Config)
	if err != nil {
		return false, fmt.Errorf("changing the configuration: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	before, err := os.ReadFile(h.Config)
	if err != nil {
		return false, fmt.Errorf("changing the configuration: %w", err)
	}
	after, err := h.withAutoStart(before, site, on)
	if err != nil || after == nil {
		return false, err
	}
	if now, err := os.ReadFile(h.Config); err != nil || !bytes.Equal(now, before) {
		return false, fmt.Errorf("%s is being changed by somebody else; try again", h.Config)
	}
	if err := durable.WriteFile(h.Config, after, newConfigMode); err != nil {
		return false, fmt.Errorf("changing the configuration: %w", err)
	}
	return true, nil
}

// newConfigMode is never used: the file is there.
const newConfigMode = 0o644

// withAutoStart returns the changed text, or nil when it says so already.
func (h Home) withAutoStart(text []byte, site string, on bool) ([]byte, error) {
	cfg, err := h.parsed(text)
	if err != nil {
		return nil, fmt.Errorf("the configuration has errors and is not changed; correct them first: %w", err)
	}
	e := siteCalled(cfg, site)
	if e == nil {
		return nil, fmt.Errorf("%q: %w", site, ErrNoSite)
	}
	if e.Child("ftpServer").Attr("serverAutoStart").Bool() == on {
		return nil, nil
	}
	after, err := e.SetAttr("ftpServer", "serverAutoStart", strconv.FormatBool(on))
	if err != nil {
		return nil, err
	}
	if _, err := h.parsed(after); err != nil {
		return nil, fmt.Errorf("the change would leave the configuration with errors and is not made: %w", err)
	}
	return after, nil
}

// parsed loads the configuration with a text in the place of
// applicationHost.config.
func (h Home) parsed(text []byte) (*apphost.Configuration, error) {
	doc, err := xmldoc.Parse(h.Config, text)
	if err != nil {
		return nil, err
	}
	definitions, err := h.schema()
	if err != nil {
		return nil, err
	}
	cfg, problems := apphost.Load(definitions, doc)
	if cfg == nil {
		return nil, problems
	}
	return cfg, nil
}

// siteCalled finds a site with ftp bindings by its name or, failing that, its
// number.
func siteCalled(cfg *apphost.Configuration, site string) *apphost.Element {
	var numbered *apphost.Element
	for _, e := range cfg.Section(sectionSites, "").Entries() {
		if !hasFTP(e) {
			continue
		}
		if strings.EqualFold(e.Attr("name").Text, site) {
			return e
		}
		if e.Attr("id").Text == site {
			numbered = e
		}
	}
	return numbered
}

func hasFTP(site *apphost.Element) bool {
	for _, b := range site.Child("bindings").Entries() {
		if strings.EqualFold(b.Attr("protocol").Text, "ftp") {
			return true
		}
	}
	return false
}
