package apphost_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// TestMergingAgainstASimpleModel writes random directives at random places and
// holds the lazy merge, and what Load finds wrong, against lists that are
// really copied and changed.
func TestMergingAgainstASimpleModel(t *testing.T) {
	s := smallSchema(t)
	places := []string{"", "s", "s/a", "s/a/b", "s/c", "t/a"}
	accepted := 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 7))
		section := []string{"rules", "first"}[r.IntN(2)]
		said := map[string][]string{}
		var text strings.Builder
		for _, i := range r.Perm(len(places)) {
			p := places[i]
			said[p] = randomDirectives(r)
			body := "<ftp><" + section + ">" + strings.Join(written(section, said[p]), "") + "</" + section + "></ftp>"
			if p != "" {
				body = "<location path='" + p + "'>" + body + "</location>"
			}
			text.WriteString(body + "\n")
		}
		cfg, problems := apphost.Load(s, document(t, "a", wrap(text.String())))
		duplicate := false
		for _, p := range places {
			want, twice := merge(p, said, section == "first")
			duplicate = duplicate || twice
			if cfg == nil {
				continue
			}
			e := cfg.Section("ftp/"+section, p)
			if got := list(e.Entries(), map[string]string{"rules": "users", "first": "name"}[section]); got != strings.Join(want, " ") {
				t.Fatalf("seed %d at %q: %s, want %v\n%s", seed, p, got, want, text.String())
			}
		}
		if (cfg == nil) != duplicate {
			t.Fatalf("seed %d: loaded %v, double entry %v\n%s\n%v", seed, cfg != nil, duplicate, text.String(), problems)
		}
		if cfg != nil {
			accepted++
		}
	}
	if accepted < 50 {
		t.Errorf("only %d documents were valid: the test tests little", accepted)
	}
}

// randomDirectives are "+k", "-k" and "!" for clear.
func randomDirectives(r *rand.Rand) []string {
	var d []string
	for range r.IntN(4) {
		switch key := string(rune('a' + r.IntN(8))); r.IntN(6) {
		case 0:
			d = append(d, "!")
		case 1:
			d = append(d, "-"+key)
		default:
			d = append(d, "+"+key)
		}
	}
	return d
}

func written(section string, directives []string) []string {
	var out []string
	for _, d := range directives {
		attr := map[string]string{"rules": "users", "first": "name"}[section]
		switch d[0] {
		case '!':
			out = append(out, "<clear />")
		case '-':
			out = append(out, fmt.Sprintf("<remove %s='%s' />", attr, d[1:]))
		default:
			access := ""
			if section == "rules" {
				access = "access='Allow' "
			}
			out = append(out, fmt.Sprintf("<add %s%s='%s' />", access, attr, d[1:]))
		}
	}
	return out
}

// merge runs all directives that concern a place, the plain way.
func merge(place string, said map[string][]string, deeperFirst bool) (entries []string, twice bool) {
	levels := []string{""}
	for i, c := range place {
		if c == '/' {
			levels = append(levels, place[:i])
		}
	}
	if place != "" {
		levels = append(levels, place)
	}
	for _, l := range levels {
		var inherited, own []string
		if deeperFirst {
			inherited = entries
		} else {
			own = entries
		}
		for _, d := range said[l] {
			switch d[0] {
			case '!':
				inherited, own = nil, nil
			case '-':
				is := func(x string) bool { return x == d[1:] }
				inherited, own = slices.DeleteFunc(slices.Clone(inherited), is), slices.DeleteFunc(slices.Clone(own), is)
			default:
				twice = twice || slices.Contains(own, d[1:]) || slices.Contains(inherited, d[1:])
				own = append(own, d[1:])
			}
		}
		entries = append(slices.Clone(own), inherited...)
	}
	return entries, twice
}
