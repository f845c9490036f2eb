package access_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/vpath"
)

const readWrite = access.Read | access.Write

// rule reads "allow|deny users/roles perms" and makes the text its origin.
func rule(text string) access.Rule {
	fields := strings.Fields(text)
	r := access.Rule{Deny: fields[0] == "deny", Origin: text}
	users, roles, _ := strings.Cut(fields[1], "/")
	if users != "" {
		r.Users = strings.Split(users, ",")
	}
	if roles != "" {
		r.Roles = strings.Split(roles, ",")
	}
	for _, c := range fields[2] {
		switch c {
		case 'r':
			r.Permissions |= access.Read
		case 'w':
			r.Permissions |= access.Write
		}
	}
	return r
}

func level(path vpath.Path, rules ...string) access.Level {
	l := access.Level{Path: path}
	for _, text := range rules {
		if text == "clear" {
			l.Clear = true
			continue
		}
		l.Rules = append(l.Rules, rule(text))
	}
	return l
}

func TestAuthorize(t *testing.T) {
	guide := []access.Level{
		level("/", "allow * r", "allow /FTPUsersA rw", "allow /FTPUsersB rw"),
		level("/test.txt", "deny user3 rw"),
	}
	user1 := auth.NewPrincipal("HOST", "user1", []string{"FTPUsersA"})
	user3 := auth.NewPrincipal("HOST", "user3", []string{"FTPUsersB"})
	anonymous := auth.Anonymous()
	for _, c := range []struct {
		name   string
		levels []access.Level
		who    *auth.Principal
		path   vpath.Path
		perm   access.Permission
		want   bool
		origin string
	}{
		{"guide: denied at one file", guide, user3, "/test.txt", access.Read, false, "deny user3 rw"},
		{"guide: in any case", guide, user3, "/TEST.TXT", access.Write, false, "deny user3 rw"},
		{"guide: and with a dot behind", guide, user3, "/test.txt.", access.Read, false, "deny user3 rw"},
		{"guide: and below it", guide, user3, "/test.txt/x", access.Read, false, "deny user3 rw"},
		{"guide: the file beside it", guide, user3, "/computer.txt", access.Write, true, "allow /FTPUsersB rw"},
		{"guide: no prefix of a name", guide, user3, "/test.txt2", access.Read, true, "allow * r"},
		{"guide: another user", guide, user1, "/test.txt", access.Write, true, "allow /FTPUsersA rw"},
		{"guide: anonymous reads", guide, anonymous, "/test.txt", access.Read, true, "allow * r"},
		{"guide: anonymous does not write", guide, anonymous, "/test.txt", access.Write, false, ""},

		{"no rules", nil, user1, "/", access.Read, false, ""},
		{"nobody", guide, nil, "/", access.Read, false, ""},
		{"no permissions", []access.Level{level("/", "allow * -")}, user1, "/", access.Read, false, ""},
		{"nobody named", []access.Level{{Path: "/", Rules: []access.Rule{{Permissions: readWrite}}}}, user1, "/", access.Read, false, ""},
		{"deny before allow", []access.Level{level("/", "allow user1 r", "deny * r")}, user1, "/", access.Read, false, "deny * r"},
		{"a parent's deny stays", []access.Level{level("/", "deny user1 r"), level("/a", "allow * r")}, user1, "/a/b", access.Read, false, "deny user1 r"},
		{"permissions are apart", []access.Level{level("/", "allow * rw", "deny * w")}, user1, "/", access.Read, true, "allow * rw"},
		{"clear", []access.Level{level("/", "deny user1 r"), level("/a", "clear", "allow user1 r")}, user1, "/a/b", access.Read, true, "allow user1 r"},
		{"clear alone", []access.Level{level("/", "allow * r"), level("/a", "clear")}, user1, "/a", access.Read, false, ""},
		{"clear does not reach up", []access.Level{level("/", "allow * r"), level("/a", "clear")}, user1, "/b", access.Read, true, "allow * r"},
		{"below clear", []access.Level{level("/", "deny * r"), level("/a", "clear"), level("/a/b", "allow * r")}, user1, "/a/b", access.Read, true, "allow * r"},
		{"one path twice", []access.Level{level("/a", "allow * r"), level("/A", "deny user1 r")}, user1, "/a", access.Read, false, "deny user1 r"},

		{"qualified", []access.Level{level("/", `allow host\USER1 r`)}, user1, "/", access.Read, true, `allow host\USER1 r`},
		{"principal name", []access.Level{level("/", "allow user1@HOST r")}, user1, "/", access.Read, true, "allow user1@HOST r"},
		{"another domain", []access.Level{level("/", `allow other\user1 r`)}, user1, "/", access.Read, false, ""},
		{"qualified group", []access.Level{level("/", `allow /HOST\ftpusersa r`)}, user1, "/", access.Read, true, `allow /HOST\ftpusersa r`},
		{"a group is no user", []access.Level{level("/", "allow FTPUsersA r")}, user1, "/", access.Read, false, ""},
		{"either user or role", []access.Level{level("/", "allow nobody/FTPUsersA r")}, user1, "/", access.Read, true, "allow nobody/FTPUsersA r"},
		{"? is anonymous", []access.Level{level("/", "allow ? r")}, anonymous, "/", access.Read, true, "allow ? r"},
		{"? is nobody else", []access.Level{level("/", "allow ? r")}, user1, "/", access.Read, false, ""},
		{"anonymous is not a name", []access.Level{level("/", "allow anonymous,IUSR r")}, anonymous, "/", access.Read, false, ""},
		{"deny ? leaves others", []access.Level{level("/", "allow * r", "deny ? r")}, user1, "/", access.Read, true, "allow * r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := access.NewTree(c.levels)
			d := tree.Decide(c.who, c.path, c.perm)
			origin := ""
			if d.Rule != nil {
				origin = d.Rule.Origin
			}
			if d.Allowed != c.want || origin != c.origin {
				t.Errorf("allowed %v by %q, want %v by %q", d.Allowed, origin, c.want, c.origin)
			}
			err := tree.Authorize(c.who, c.path, c.perm)
			var denied *access.Denied
			if c.want && err != nil || !c.want && (!errors.As(err, &denied) || denied.SubStatus != access.SubStatusAuthorization || denied.Origin != c.origin) {
				t.Errorf("Authorize: %v", err)
			}
		})
	}
}

func TestFilterByLocation(t *testing.T) {
	hides := func(segment string) *access.RequestFilter {
		return access.NewRequestFilter(access.FilterSettings{AllowHighBit: true, AllowUnlistedExtensions: true, HiddenSegments: []string{segment}})
	}
	tree := access.NewTree([]access.Level{
		{Path: "/", Filter: hides("top")},
		{Path: "/a/b", Filter: hides("deep")},
		{Path: "/a/shown", Filter: hides("other")},
		{Path: "/a/c"},
	})
	for path, want := range map[vpath.Path]string{"/": "top", "/a": "top", "/A/B": "deep", "/a/b/x/y": "deep", "/a/c": "top", "/nowhere": "top"} {
		if f := tree.Filter(path); !f.Hides(want) {
			t.Errorf("%s: %q is not hidden", path, want)
		}
	}
	hidden := tree.Hidden("/a")
	for name, want := range map[string]bool{"top": true, "TOP. ": true, "x": false, "b": false} {
		if hidden(name) != want {
			t.Errorf("Hidden(/a)(%q) = %v", name, !want)
		}
	}
	if access.NewTree(nil).Hidden("/")("x") {
		t.Error("hidden without a filter")
	}
}

// deepTree has 1,000 locations; the path is 8 segments deep and has rules at
// every depth.
func deepTree(rulesPerLevel int) (*access.Tree, vpath.Path) {
	var levels []access.Level
	path := ""
	for depth := range 8 {
		l := access.Level{Path: vpath.Clean(path)}
		for i := range rulesPerLevel {
			l.Rules = append(l.Rules, access.Rule{Users: []string{fmt.Sprintf("User%d", i)}, Roles: []string{fmt.Sprintf("Group%d", i)}, Deny: i%3 == 1, Permissions: readWrite})
		}
		levels = append(levels, l)
		path += fmt.Sprintf("/Segment%d", depth)
	}
	for i := len(levels); i < 1000; i++ {
		levels = append(levels, level(vpath.Path(fmt.Sprintf("/Segment0/other%d/x", i)), "allow * r"))
	}
	return access.NewTree(levels), vpath.Path(path)
}

// The aim is under 2 µs and no allocation, with ten rules or ten thousand.
func BenchmarkAuthorize(b *testing.B) {
	who := auth.NewPrincipal("HOST", "user0", []string{"Group0", "Group3"})
	for _, rules := range []int{10, 10000} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			tree, path := deepTree(rules)
			b.ReportAllocs()
			for b.Loop() {
				if err := tree.Authorize(who, path, access.Read); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestAuthorizeDoesNotAllocate(t *testing.T) {
	tree, path := deepTree(10)
	who := auth.NewPrincipal("HOST", "user0", []string{"Group0", "Group3"})
	if n := testing.AllocsPerRun(100, func() {
		if tree.Authorize(who, path, access.Read) != nil {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
