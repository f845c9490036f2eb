package access_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/vpath"
)

func TestDisagreements(t *testing.T) {
	for _, c := range []struct {
		name   string
		levels []access.Level
		want   []string
	}{
		{"none", []access.Level{level("/", "allow * r", "allow admin rw")}, nil},
		{"the guide's rules", []access.Level{
			level("/", "allow /B rw"), level("/test.txt", "deny user3 rw"),
		}, []string{"first-match /test.txt Read, Write: user user3 as a member of B: deny user3 rw, allow /B rw"}},
		{
			"everybody read, one not",
			[]access.Level{level("/", "allow * r"), level("/x", "deny bob r")},
			[]string{"first-match /x Read: user bob: deny bob r, allow * r"},
		},
		{"lock-out in one level", []access.Level{level("/", "allow alice r", "deny * r")}, []string{
			"first-match / Read: user alice: deny * r, allow alice r",
			"specific-first / Read: user alice: deny * r, allow alice r",
		}},
		{"deny on top agrees", []access.Level{level("/", "deny bob r", "allow * r")}, nil},
		{
			"a child's allow",
			[]access.Level{level("/", "deny bob r"), level("/x", "allow bob rw")},
			[]string{"specific-first /x Read: user bob: deny bob r, allow bob rw"},
		},
		{"other permission", []access.Level{level("/", "deny * w", "allow * r")}, nil},
		{"other people", []access.Level{level("/", "allow alice r", "deny bob r")}, nil},
		{"cleared", []access.Level{level("/", "deny bob r"), level("/x", "clear", "allow bob r")}, nil},
		{"beside each other", []access.Level{level("/a", "allow bob r"), level("/b", "deny bob r")}, nil},
		{"denied anyway", []access.Level{level("/", "deny bob r", "allow bob r", "deny bob r")}, nil},
		{
			"anonymous",
			[]access.Level{level("/", "allow ? r"), level("/x", "deny * r")},
			[]string{"first-match /x Read: anonymous users: deny * r, allow ? r"},
		},
		{"anonymous is in no group", []access.Level{level("/", "allow /staff r", "deny ? r")}, nil},
		{
			"qualified and not",
			[]access.Level{level("/", "allow bob r"), level("/x", `deny CORP\bob r`)},
			[]string{`first-match /x Read: user CORP\bob: deny CORP\bob r, allow bob r`},
		},
		{
			"two groups",
			[]access.Level{level("/", "allow /a r"), level("/x", "deny /b r")},
			[]string{"first-match /x Read: members of b that are also in a: deny /b r, allow /a r"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, d := range access.Disagreements(c.levels) {
				got = append(got, fmt.Sprintf("%v %s %v: %s: %s, %s", d.Model, d.Path, d.Permissions, d.Who, d.Deny.Origin, d.Allow.Origin))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// Twice the locations should take about twice the time.
func BenchmarkDisagreements(b *testing.B) {
	for _, n := range []int{5000, 10000, 20000} {
		levels := []access.Level{level("/", "allow * r", "allow /Admins rw", "deny ? w")}
		for i := range n {
			user := fmt.Sprintf("user%d", i)
			levels = append(levels, level(vpath.Path("/home/"+user), "allow "+user+" rw", "deny /guests rw"))
		}
		b.Run(fmt.Sprintf("locations=%d", n), func(b *testing.B) {
			for b.Loop() {
				if len(access.Disagreements(levels)) == 0 {
					b.Fatal("none")
				}
			}
		})
	}
	var one access.Level
	for i := range 10000 {
		one.Rules = append(one.Rules, rule(fmt.Sprintf("allow user%d rw", i)), rule(fmt.Sprintf("deny user%d w", i/2)))
	}
	one.Path = "/"
	b.Run("rules=20000", func(b *testing.B) {
		for b.Loop() {
			access.Disagreements([]access.Level{one})
		}
	})
}
