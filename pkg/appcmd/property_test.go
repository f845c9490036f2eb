package appcmd

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/compile"
)

// model is what the file has to say after the edits, by names of our own.
type model struct {
	timeouts map[string]string   // of sites
	bindings map[string][]string // of sites
	commands map[string][]string // of sites, "SYST=false"
	rules    map[string][]string // of locations, "Allow|users|Read"
}

func newModel() *model {
	return &model{timeouts: map[string]string{}, bindings: map[string][]string{}, commands: map[string][]string{}, rules: map[string][]string{}}
}

// TestRandomEdits makes many edits in a row: each says what the model says, and
// touches few lines.
func TestRandomEdits(t *testing.T) {
	for base, seeds := range map[string]uint64{"empty": 1, "stock": 1, "mixed": 2} {
		for seed := range seeds {
			t.Run(fmt.Sprintf("%s-%d", base, seed), func(t *testing.T) {
				t.Parallel()
				text, err := os.ReadFile("testdata/" + base + ".config")
				if err != nil {
					t.Fatal(err)
				}
				randomEdits(t, text, rand.New(rand.NewPCG(seed, 7)))
			})
		}
	}
}

func randomEdits(t *testing.T, text []byte, r *rand.Rand) {
	d, err := compile.Alone("applicationHost.config").Draft(text)
	if err != nil {
		t.Fatal(err)
	}
	m := newModel()
	for i := range 200 {
		before := d.Text()
		target, arg, lines := m.step(r)
		p, err := parseParam(arg)
		if err != nil {
			t.Fatalf("edit %d %s: %v", i, arg, err)
		}
		if err := assignOne(d, target, p); err != nil {
			t.Fatalf("edit %d %s: %v", i, arg, err)
		}
		cfg, problems := d.Load()
		if cfg == nil {
			t.Fatalf("edit %d %s: %v\n%s", i, arg, problems, d.Text())
		}
		if changed := changedLines(string(before), string(d.Text())); changed > lines {
			t.Fatalf("edit %d %s touches %d lines, at most %d are needed", i, arg, changed, lines)
		}
		m.check(t, cfg, fmt.Sprintf("edit %d %s", i, arg))
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "<!--") && !strings.Contains(string(d.Text()), strings.TrimSpace(line)) {
			t.Errorf("%q is gone", line)
		}
	}
}

// changedLines counts the lines that an edit adds and takes away.
func changedLines(before, after string) int {
	n := 0
	for _, e := range udiff.Lines(before, after) {
		n += strings.Count(before[e.Start:e.End], "\n") + strings.Count(e.New, "\n")
	}
	return n
}

const (
	sectionRules = "system.ftpServer/security/authorization"
	// groups is how many lines of elements and registrations around a new
	// element may be new.
	groups = 26
)

// step makes a random change in the model and returns how it is asked for.
func (m *model) step(r *rand.Rand) (apphost.Target, string, int) {
	sites := apphost.Target{Section: sectionSites}
	var names []string
	for name := range m.timeouts {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 || len(names) < 6 && r.IntN(8) == 0 {
		name := fmt.Sprintf("O'Site & <%d>", r.IntN(1000))
		if _, there := m.timeouts[name]; !there {
			m.timeouts[name] = "120"
			x := &Indexer{Position: apphost.Last, Pairs: []apphost.Setting{{Name: "name", Value: name}, {Name: "id", Value: fmt.Sprint(100 + r.IntN(100000))}}}
			return sites, "/+" + x.String(), groups
		}
	}
	name := names[r.IntN(len(names))]
	site := (&Indexer{Position: apphost.Last, Pairs: []apphost.Setting{{Name: "name", Value: name}}}).String()
	switch r.IntN(10) {
	case 0:
		delete(m.timeouts, name)
		delete(m.bindings, name)
		delete(m.commands, name)
		return sites, "/-" + site, 200
	case 1, 2:
		m.timeouts[name] = fmt.Sprint(1 + r.IntN(500))
		return sites, "/" + site + ".ftpServer.connections.controlChannelTimeout:" + m.timeouts[name], groups
	case 3:
		m.timeouts[name] = "120"
		return sites, "/-" + site + ".ftpServer.connections.controlChannelTimeout", groups
	case 4:
		var list []string
		for i := range r.IntN(4) {
			list = append(list, fmt.Sprintf("ftp/*:%d:h%d.example", 21+i, r.IntN(50)))
		}
		m.bindings[name] = list
		return sites, "/" + site + ".bindings:" + strings.Join(list, ","), groups
	case 5, 6:
		return sites, m.command(r, name, site), groups
	default:
		location := []string{"", name, name + "/a/b"}[r.IntN(3)]
		return apphost.Target{Section: sectionRules, Location: location}, m.rule(r, location), groups
	}
}

// command adds, changes, removes or clears command filters.
func (m *model) command(r *rand.Rand, name, site string) string {
	verb := []string{"SYST", "SITE", "MKD", "RNFR"}[r.IntN(4)]
	path := site + ".ftpServer.security.commandFiltering"
	list := m.commands[name]
	at := slices.IndexFunc(list, func(c string) bool { return strings.HasPrefix(c, verb+"=") })
	switch {
	case at < 0 && r.IntN(2) == 0 && len(list) > 0:
		m.commands[name] = slices.Insert(slices.Clone(list), 0, verb+"=false")
		return "/+" + path + ".[@start,command='" + verb + "',allowed='FALSE']"
	case at < 0:
		m.commands[name] = append(slices.Clone(list), verb+"=true")
		return "/+" + path + ".[command='" + verb + "',allowed='True']"
	case r.IntN(3) == 0:
		m.commands[name] = nil
		return "/~" + path
	case r.IntN(2) == 0:
		m.commands[name] = slices.Clone(list)
		m.commands[name][at] = verb + "=false"
		return "/" + path + ".[command='" + strings.ToLower(verb) + "'].allowed:False"
	}
	m.commands[name] = slices.Delete(slices.Clone(list), at, at+1)
	return "/-" + path + ".[command='" + verb + "']"
}

// rule adds or removes an authorization rule of a location.
func (m *model) rule(r *rand.Rand, location string) string {
	list := m.rules[location]
	if len(list) > 0 && r.IntN(3) == 0 {
		at := r.IntN(len(list))
		parts := strings.Split(list[at], "|")
		m.rules[location] = slices.Delete(slices.Clone(list), at, at+1)
		return "/-[users='" + parts[1] + "',roles='',permissions='" + parts[2] + "']"
	}
	// Each location has users of its own, so that nothing is inherited twice.
	user := fmt.Sprintf("u%d-%d", len(location), r.IntN(1000000))
	m.rules[location] = append(slices.Clone(list), "Allow|"+user+"|Read, Write")
	return "/+[accessType='0',users='" + user + "',permissions='3']"
}

func (m *model) check(t *testing.T, cfg *apphost.Configuration, what string) {
	t.Helper()
	found := 0
	for _, e := range cfg.Section(sectionSites, "").Entries() {
		name := e.Attr("name").Text
		want, ours := m.timeouts[name]
		if !ours {
			continue
		}
		found++
		ftp := e.Child("ftpServer")
		if got := ftp.Child("connections").Attr("controlChannelTimeout").Text; got != want {
			t.Fatalf("%s: timeout of %s is %s, want %s", what, name, got, want)
		}
		var bindings, commands []string
		for _, b := range e.Child("bindings").Entries() {
			bindings = append(bindings, b.Attr("protocol").Text+"/"+b.Attr("bindingInformation").Text)
		}
		for _, c := range ftp.Child("security").Child("commandFiltering").Entries() {
			commands = append(commands, c.Attr("command").Text+"="+c.Attr("allowed").Text)
		}
		if !slices.Equal(bindings, m.bindings[name]) || !slices.Equal(commands, m.commands[name]) {
			t.Fatalf("%s: %s has %q %q, want %q %q", what, name, bindings, commands, m.bindings[name], m.commands[name])
		}
	}
	if found != len(m.timeouts) {
		t.Fatalf("%s: %d sites, want %d", what, found, len(m.timeouts))
	}
	for location, want := range m.rules {
		var got []string
		_, added, _ := cfg.Section(sectionRules, location).Own()
		for _, e := range added {
			if strings.HasPrefix(e.Attr("users").Text, fmt.Sprintf("u%d-", len(location))) {
				got = append(got, e.Attr("accessType").Shown()+"|"+e.Attr("users").Text+"|"+e.Attr("permissions").Shown())
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: rules of %q are %q, want %q", what, location, got, want)
		}
	}
}
