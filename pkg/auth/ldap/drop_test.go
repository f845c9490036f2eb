package ldap_test

import (
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/auth/ldap"
)

// awaitNoConnection waits until the server has none.
func awaitNoConnection(t *testing.T, d *directory) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); d.open() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are open", d.open())
		}
	}
}

// A provider that is dropped ends what it kept: at once when it is closed, and
// when the time is over otherwise.
func TestDroppedProviders(t *testing.T) {
	for _, scheme := range []string{"ldap", "ldaps"} {
		d := serveDirectory(t, scheme == "ldaps", people()...)
		p := provider(t, settings(t, scheme, d))
		if _, err := logIn(t, p, "jo", "pw of jo"); err != nil {
			t.Fatal(err)
		}
		if d.open() != 2 {
			t.Fatalf("%d connections are kept, want one for searching and one for passwords", d.open())
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		awaitNoConnection(t, d)
		if _, err := logIn(t, p, "kim", "pw of kim"); err != nil {
			t.Errorf("a login after the end: %v", err)
		}
		awaitNoConnection(t, d)

		p = provider(t, settings(t, scheme, d))
		p.KeepFor(50 * time.Millisecond)
		if _, err := logIn(t, p, "jo", "pw of jo"); err != nil {
			t.Fatal(err)
		}
		awaitNoConnection(t, d)
	}
}

// A login that is under way ends as it would have.
func TestCloseDuringALogin(t *testing.T) {
	d := serveDirectory(t, false, people()...)
	s := settings(t, "ldap", d)
	var p *ldap.Provider
	s.BindPassword = func() (string, error) { return "search!", p.Close() }
	p = provider(t, s)
	if _, err := logIn(t, p, "jo", "pw of jo"); err != nil {
		t.Error(err)
	}
	awaitNoConnection(t, d)
}
