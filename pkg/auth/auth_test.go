package auth_test

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/auth"
)

// answer is a provider that says the same to everybody and counts.
type answer struct {
	principal *auth.Principal
	err       error
	asked     int
}

func (a *answer) Authenticate(context.Context, auth.Credentials) (*auth.Principal, error) {
	a.asked++
	return a.principal, a.err
}

var errSocket = errors.New("socket closed")

func TestChain(t *testing.T) {
	ann := auth.NewPrincipal("PC", "ann", nil)
	for _, c := range []struct {
		name      string
		anonymous bool
		user      string
		answers   []answer
		want      error
		asked     string
	}{
		{"anonymous", true, "Anonymous", []answer{{err: auth.ErrLogon}}, nil, "0"},
		{"ftp is anonymous", true, "FTP", nil, nil, ""},
		{"anonymous off, an account of that name", false, "ftp", []answer{{principal: ann}}, nil, "1"},
		{"anonymous off, nobody of that name", false, "anonymous", []answer{{err: auth.ErrLogon}}, auth.ErrAnonymousNotAllowed, "1"},
		{"anonymous off, source down", false, "anonymous", []answer{{err: errSocket}}, auth.ErrAnonymousNotAllowed, "1"},
		{"nothing enabled", false, "ann", nil, auth.ErrNoMethod, ""},
		{"nothing enabled, anonymous", false, "ftp", nil, auth.ErrNoMethod, ""},
		{"only anonymous enabled", true, "ann", nil, auth.ErrLogon, ""},
		{"first accepts", false, "ann", []answer{{principal: ann}, {principal: ann}}, nil, "1 0"},
		{"second accepts", false, "ann", []answer{{err: auth.ErrLogon}, {principal: ann}}, nil, "1 1"},
		{"second accepts, first is down", false, "ann", []answer{{err: errSocket}, {principal: ann}}, nil, "1 1"},
		{"second accepts, first disabled", false, "ann", []answer{{err: auth.ErrAccountDisabled}, {principal: ann}}, nil, "1 1"},
		{"wrong", false, "ann", []answer{{err: auth.ErrLogon}, {err: auth.ErrLogon}}, auth.ErrLogon, "1 1"},
		{"disabled", false, "ann", []answer{{err: auth.ErrAccountDisabled}, {err: auth.ErrLogon}}, auth.ErrAccountDisabled, "1 1"},
		{"locked", false, "ann", []answer{{err: auth.ErrLogon}, {err: auth.ErrAccountLocked}}, auth.ErrAccountLocked, "1 1"},
		{"password expired", false, "ann", []answer{{err: auth.ErrPasswordExpired}}, auth.ErrPasswordExpired, "1"},
		{"a provider that is not there", false, "ann", []answer{{err: auth.ErrAbsent}, {err: auth.ErrLogon}}, auth.ErrAbsent, "1 1"},
		{"a provider that is not there, accepted by the next", false, "ann", []answer{{err: auth.ErrAbsent}, {principal: ann}}, nil, "1 1"},
		{"disabled beside one that is not there", false, "ann", []answer{{err: auth.ErrAccountDisabled}, {err: auth.ErrAbsent}}, auth.ErrAccountDisabled, "1 1"},
		{"down", false, "ann", []answer{{err: errSocket}, {err: auth.ErrLogon}}, auth.ErrProvider, "1 1"},
		{"down later", false, "ann", []answer{{err: auth.ErrAccountDisabled}, {err: errSocket}}, auth.ErrProvider, "1 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain := &auth.Chain{AllowAnonymous: c.anonymous}
			for i := range c.answers {
				chain.Providers = append(chain.Providers, &c.answers[i])
			}
			p, err := chain.Authenticate(t.Context(), auth.Credentials{User: c.user, Password: "secret"})
			if !errors.Is(err, c.want) || (err == nil) != (p != nil) {
				t.Fatalf("principal %v, error %v, want %v", p, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("the error shows the password")
			}
			if errors.Is(c.want, auth.ErrProvider) && !errors.Is(err, errSocket) {
				t.Errorf("%v lost its cause", err)
			}
			var asked []string
			for _, a := range c.answers {
				asked = append(asked, string(rune('0'+a.asked)))
			}
			if got := strings.Join(asked, " "); got != c.asked {
				t.Errorf("asked %s, want %s", got, c.asked)
			}
		})
	}
}

func TestAbsent(t *testing.T) {
	if p, err := (auth.Absent{Name: "AspNetAuth"}).Find(t.Context(), "ann"); p != nil || !errors.Is(err, auth.ErrAbsent) {
		t.Errorf("%v, %v", p, err)
	}
	p, err := auth.Absent{Name: "AspNetAuth"}.Authenticate(t.Context(), auth.Credentials{User: "ann", Password: "secret"})
	if p != nil || !errors.Is(err, auth.ErrAbsent) || !strings.Contains(err.Error(), `"AspNetAuth"`) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v, %v", p, err)
	}
}

// certificates is a provider that knows nobody.
type certificates struct{}

func (certificates) Certificate(context.Context, string, *x509.Certificate) (*auth.Principal, error) {
	return nil, auth.ErrLogon
}

// A password where only certificates count is a wrong one, not a site without
// any way in.
func TestChainOfCertificatesAlone(t *testing.T) {
	chain := &auth.Chain{Certificates: certificates{}}
	if p, err := chain.Authenticate(t.Context(), auth.Credentials{User: "ann", Password: "x"}); p != nil || !errors.Is(err, auth.ErrLogon) {
		t.Errorf("%v, %v", p, err)
	}
	if p, err := chain.Authenticate(t.Context(), auth.Credentials{User: "ftp"}); p != nil || !errors.Is(err, auth.ErrAnonymousNotAllowed) {
		t.Errorf("anonymous: %v, %v", p, err)
	}
}

// An anonymous refusal is one thing only, whatever made the name fail.
func TestAnonymousRefusalIsNotAlsoAProviderError(t *testing.T) {
	chain := &auth.Chain{Providers: []auth.Provider{&answer{err: errSocket}}}
	_, err := chain.Authenticate(t.Context(), auth.Credentials{User: "ftp"})
	if errors.Is(err, auth.ErrProvider) || !strings.Contains(err.Error(), errSocket.Error()) {
		t.Errorf("error %v", err)
	}
}

func TestChainStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	second := &answer{err: auth.ErrLogon}
	chain := &auth.Chain{Providers: []auth.Provider{&answer{err: context.Canceled}, second}}
	_, err := chain.Authenticate(ctx, auth.Credentials{User: "ann"})
	if !errors.Is(err, context.Canceled) || errors.Is(err, auth.ErrProvider) || second.asked != 0 {
		t.Errorf("error %v, second provider asked %d times", err, second.asked)
	}
}

func TestPrincipal(t *testing.T) {
	p := auth.NewPrincipal("HOST1", "Ann", []string{"FTP Users", `BUILTIN\Administrators`, `CONTOSO\Sales`, `host1\Local`})
	if p.Name() != "Ann" || p.Domain() != "HOST1" || p.QualifiedName() != `HOST1\Ann` || p.Anonymous() {
		t.Errorf("%q %q %q %v", p.Name(), p.Domain(), p.QualifiedName(), p.Anonymous())
	}
	if want := []string{"ann", `host1\ann`, "ann@host1"}; !slices.Equal(p.UserKeys(), want) {
		t.Errorf("user keys %q, want %q", p.UserKeys(), want)
	}
	want := []string{
		"administrators", "administrators@host1", `builtin\administrators`, `builtin\ftp users`, `builtin\local`,
		`contoso\sales`, "ftp users", "ftp users@host1", `host1\administrators`, `host1\ftp users`, `host1\local`,
		"local", "local@host1", "sales", "sales@contoso",
	}
	if !slices.Equal(p.GroupKeys(), want) {
		t.Errorf("group keys\n%q, want\n%q", p.GroupKeys(), want)
	}
}

func TestPrincipalWithoutDomain(t *testing.T) {
	p := auth.NewPrincipal("", "ann", []string{"A"})
	if p.QualifiedName() != "ann" || !slices.Equal(p.UserKeys(), []string{"ann"}) || !slices.Equal(p.GroupKeys(), []string{"a", `builtin\a`}) {
		t.Errorf("%q %q %q", p.QualifiedName(), p.UserKeys(), p.GroupKeys())
	}
}

// No rule that names an account or a group reaches an anonymous login.
func TestAnonymousHasNoKeys(t *testing.T) {
	p := auth.Anonymous()
	if !p.Anonymous() || len(p.UserKeys()) != 0 || len(p.GroupKeys()) != 0 {
		t.Errorf("%v %q %q", p.Anonymous(), p.UserKeys(), p.GroupKeys())
	}
}

func TestIsAnonymousName(t *testing.T) {
	for name, want := range map[string]bool{"anonymous": true, "ANONYMOUS": true, "ftp": true, "Ftp": true, "": false, "ftp ": false, "ftpuser": false} {
		if got := auth.IsAnonymousName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("Ann", "aNN")
	f.Add("\u212a", "k")
	f.Add("ΣΑΣ", "σας")
	f.Add("ß", "ẞ")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?")
		if got, want := auth.Fold(a) == auth.Fold(b), strings.EqualFold(a, b); got != want {
			t.Errorf("%q %q: equal %v, want %v", a, b, got, want)
		}
		if once := auth.Fold(a); auth.Fold(once) != once {
			t.Errorf("%q folds to %q, which folds again", a, once)
		}
	})
}

func TestHome(t *testing.T) {
	bare := auth.NewPrincipal("HOST", "bob", []string{"staff"})
	with := bare.WithHome(`D:\homes\bob`)
	if bare.Home() != "" || with.Home() != `D:\homes\bob` {
		t.Errorf("homes %q and %q", bare.Home(), with.Home())
	}
	if with.QualifiedName() != bare.QualifiedName() || len(with.GroupKeys()) != len(bare.GroupKeys()) {
		t.Error("the home changed who it is")
	}
}
