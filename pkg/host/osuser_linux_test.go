package host_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/auth/local"
	"github.com/ftphost/ftphost/pkg/compile"
	files "github.com/ftphost/ftphost/pkg/content/local"
)

// An account that becomes a user of the operating system loses the session that
// it has with the rights of the server. One that is none any more keeps that
// user's rights until its next login.
func TestReloadOfOSUsers(t *testing.T) {
	if err := files.MayImpersonate(); err != nil || os.Geteuid() != 0 {
		t.Skipf("NOT TESTED: acting as another user needs root: %v", err)
	}
	content, port := t.TempDir(), freePort(t)
	for d := content; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(content, "shut"), 0o700); err != nil {
		t.Fatal(err)
	}
	o := options(t, strings.Replace(siteOn(1, content, port), "</authentication>", `<basicAuthentication enabled="true" /></authentication>`, 1))
	hash, err := local.HashPassword("of jo")
	if err != nil {
		t.Fatal(err)
	}
	write := func(path, body string) {
		if err := os.WriteFile(path, []byte("<configuration>"+body+"</configuration>"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(o.Home.Accounts(), fmt.Sprintf(`<localAccounts><users><add name="jo" password="%s" /></users></localAccounts>`, hash))
	h, _ := run(t, o)

	rights := loginJo(t, port)
	rights.do("CWD shut", "250 ")
	mapped := func(entry string) {
		write(filepath.Join(o.Home.Dir, compile.OwnFile), "<ftpHost><accounts><osUsers>"+entry+"</osUsers></accounts></ftpHost>")
		reload(t, h, false)
	}
	mapped(`<add account="jo" osUser="154321:154321" />`)
	rights.do("NOOP", "421 ")
	user := loginJo(t, port)
	for line := user.do("CWD shut", "550"); !strings.HasPrefix(line, "550 "); {
		if line, err = user.in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	mapped("")
	user.do("NOOP", "200 ")
	loginJo(t, port).do("CWD shut", "250 ")
}

func loginJo(t *testing.T, port int) *ftpClient {
	t.Helper()
	c := dial(t, port)
	t.Cleanup(func() { _ = c.Close() })
	f := &ftpClient{t, c, bufio.NewReader(c)}
	f.expect("220 ")
	f.do("USER jo", "331 ")
	f.do("PASS of jo", "230 ")
	return f
}
