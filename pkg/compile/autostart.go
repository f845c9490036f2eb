package compile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// ErrNoSite means that no ftp site has a name or number.
var ErrNoSite = errors.New("there is no such ftp site")

// SetAutoStart writes whether a site, by name or number, is to be served:
// ftpServer/@serverAutoStart, where IIS keeps what its Start and Stop did. It
// reports whether the file had to change. Nobody else's change is lost, and a
// file with errors, or that would have some then, is not written. The error is
// ErrNoSite, or says what is wrong.
func (h Home) SetAutoStart(site string, on bool) (changed bool, err error) {
	// Nothing that the text names is another one then.
	result, err := h.editResolved(func(d *apphost.Draft) error {
		cfg, problems := d.Load()
		if cfg == nil {
			return fmt.Errorf("the configuration has errors and is not changed; correct them first: %w", problems)
		}
		e := siteCalled(cfg, site)
		if e == nil {
			return fmt.Errorf("%q: %w", site, ErrNoSite)
		}
		if e.Child("ftpServer").Attr("serverAutoStart").Bool() == on {
			return nil
		}
		name := apphost.Setting{Name: "name", Value: e.Attr("name").Text}
		at := apphost.Target{Section: sectionSites, Path: []apphost.Step{{Values: []apphost.Setting{name}}, {Name: "ftpServer"}}}
		return d.Set(at, "serverAutoStart", strconv.FormatBool(on))
	}, Home.judgeText)
	return result.Changed, err
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
