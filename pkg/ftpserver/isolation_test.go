package ftpserver_test

import (
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/site"
)

// The log shows paths as the user sees them, from the login on, and who was
// refused a home by the sub-status.
func TestLogOfHomes(t *testing.T) {
	const talk = `-- session in --
S: 220 *
C: USER bob
S: 331 *
C: PASS secret
S: 230 *
C: CWD Upload
S: 250 *
C: SIZE up.txt
S: 213 *
-- session out --
S: 220 *
C: USER dora
S: 331 *
C: PASS secret
S: 530 *
`
	for _, archive := range []string{"isolation-root", "isolation-all"} {
		log := playOver(t, "testdata/"+archive+".txtar", nil, talk)
		for _, want := range []string{
			`WEB01\bob 127.0.0.1 21 PASS *** 230 0 0 SESSION /`, `WEB01\bob 127.0.0.1 21 CWD Upload 250 0 0 SESSION /Upload`,
			`WEB01\bob 127.0.0.1 21 SIZE up.txt 213 0 0 SESSION /Upload/up.txt`, `- 127.0.0.1 21 PASS *** 530 5 33 SESSION -`,
		} {
			before, after, _ := strings.Cut(want, " SESSION ")
			found := false
			for line := range strings.Lines(log) {
				found = found || strings.Contains(line, before) && strings.HasSuffix(strings.TrimSpace(line), " "+after)
			}
			if !found {
				t.Errorf("%s: no line %q in\n%s", archive, want, log)
			}
		}
	}
}

// A session goes on with the new version of its site as long as its paths mean
// the same there, and ends when its home is elsewhere.
func TestSessionWhoseHomeMoves(t *testing.T) {
	inBubble(t, "testdata/isolation-start.txtar", nil, func(t *testing.T, r *running) {
		again := func(mode string) *site.Site {
			e := r.config.Sites[0]
			e.FTP.Isolation.Mode = mode
			changed := *r.sites[0]
			changed.Root = r.namespace(t, &e)
			return &changed
		}
		enter := func(user, file string) *client {
			c := r.dial(t)
			c.expect("220 ")
			c.send("USER " + user + "\r\nPASS secret\r\nSIZE " + file + "\r\n")
			c.expect("331 ")
			c.expect("230 ")
			c.expect("213 ")
			return c
		}
		c := enter("bob", "start.txt")
		r.serve(t, again("None"))
		c.send("SIZE start.txt\r\n") // the same tree, so that the session may go on
		c.expect("213 ")
		r.serve(t, again("IsolateAllDirectories"))
		c.send("SIZE start.txt\r\n")
		c.expect("421 ")
		c.expectEnd()

		c = enter("bob", "own.txt")
		r.serve(t, again("IsolateAllDirectories"))
		c.send("SIZE own.txt\r\n")
		c.expect("213 ")
		r.serve(t, again("Custom")) // and bob has no home attribute
		c.send("SIZE own.txt\r\n")
		c.expect("421 ")
		c.expectEnd()
	})
}
