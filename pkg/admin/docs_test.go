package admin

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// guide is what administrators read.
func guide(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/operation.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// rows are what stands first in the rows of tables and looks so.
func rows(text, pattern string) []string {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `("+pattern+")`").FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func TestGuideHasEveryRequest(t *testing.T) {
	var there []string
	for path, methods := range (&door{}).paths() {
		for method := range methods {
			there = append(there, method+" "+path)
		}
	}
	slices.Sort(there)
	if told := rows(guide(t), "[A-Z]+ /[^`]*"); !slices.Equal(told, there) {
		t.Errorf("the guide tells of\n%q\nthere are\n%q", told, there)
	}
}

func TestGuideHasEveryNumber(t *testing.T) {
	c := newCollector(nil)
	descs := []*prometheus.Desc{c.up, c.refusals, c.userLogins, c.userFiles, c.userBytes, c.certificate, c.start, c.generation, c.success, c.looked, c.reloads, c.turnedAway, c.bans}
	for _, m := range c.sites {
		descs = append(descs, m.desc)
	}
	names := map[string]bool{}
	for _, d := range descs {
		_, rest, _ := strings.Cut(d.String(), `fqName: "`)
		name, _, _ := strings.Cut(rest, `"`)
		names[name] = true
	}
	there := slices.Sorted(maps.Keys(names))
	if told := rows(guide(t), "ftphost_[a-z_]+"); !slices.Equal(told, there) {
		t.Errorf("the guide tells of\n%q\nthere are\n%q", told, there)
	}
}

// The address in the snippet for Prometheus is the one in the snippet for
// ftphost.config.
func TestGuideScrapesWhatItConfigures(t *testing.T) {
	text := guide(t)
	target := regexp.MustCompile(`targets: \["([^"]+)"\]`).FindStringSubmatch(text)
	if target == nil || !strings.Contains(text, `<metrics address="`+target[1]+`"`) {
		t.Errorf("%q", target)
	}
}
