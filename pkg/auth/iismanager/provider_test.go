package iismanager_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/auth"
	"github.com/ftphost/ftphost/pkg/auth/iismanager"
)

// Digests of "P@ssw0rd" in UTF-8 and in UTF-16.
const (
	narrow = "B03DDF3CA2E714A6548E7495E2A03F5E824EAAC9837CD7F159C67B90FB4B7342"
	wide   = "6DA6F219DAC977DA75F2F2894F33ABAD5052AF2A60AE9219AF0E302EDDD5BBC4"
)

func base64Of(t *testing.T, digits string) string {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func directory(t *testing.T) *iismanager.Directory {
	t.Helper()
	return iismanager.NewDirectory([]iismanager.User{
		{Name: "Manager", Hash: narrow, Enabled: true},
		{Name: "wide", Hash: strings.ToLower(wide), Enabled: true},
		{Name: "base", Hash: base64Of(t, narrow), Enabled: true},
		{Name: "widebase", Hash: base64Of(t, wide), Enabled: true},
		{Name: "off", Hash: narrow},
		{Name: "other", Hash: narrow, Enabled: true},
		{Name: "app", Hash: narrow, Enabled: true},
		{Name: "nohash", Hash: "P@ssw0rd", Enabled: true},
		{Name: "zero", Hash: strings.Repeat("0", 64), Enabled: true},
		{Name: "MANAGER", Hash: wide},
	}, []iismanager.Scope{
		{Path: "/My FTP Site/", Users: []string{"manager", "wide", "base", "widebase", "off", "nohash", "zero", "unknown"}},
		{Path: "/Other", Users: []string{"other"}},
		{Path: "/My FTP Site/App", Users: []string{"app"}},
		{Path: "My FTP Site", Users: []string{"other"}},
		{Path: "/", Users: []string{"other"}},
	})
}

func TestAuthenticate(t *testing.T) {
	d := directory(t)
	p := &iismanager.Provider{Directory: func() *iismanager.Directory { return d }, Site: "my ftp site"}
	for _, c := range []struct {
		user, password string
		want           error
	}{
		{"Manager", "P@ssw0rd", nil},
		{"mANAGER", "P@ssw0rd", nil},
		{"wide", "P@ssw0rd", nil},
		{"base", "P@ssw0rd", nil},
		{"widebase", "P@ssw0rd", nil},
		{"manager", "p@ssw0rd", auth.ErrLogon},
		{"manager", "", auth.ErrLogon},
		{"manager", narrow, auth.ErrLogon},
		{"", "", auth.ErrLogon},
		{"unknown", "P@ssw0rd", auth.ErrLogon},
		{"unknown", "", auth.ErrLogon},
		{`PC\manager`, "P@ssw0rd", auth.ErrLogon},
		{"nohash", "P@ssw0rd", auth.ErrLogon},
		{"zero", "P@ssw0rd", auth.ErrLogon},
		{"off", "P@ssw0rd", auth.ErrAccountDisabled},
		{"off", "wrong", auth.ErrLogon},
		{"other", "P@ssw0rd", auth.ErrNotPermitted},
		{"other", "wrong", auth.ErrLogon},
		{"app", "P@ssw0rd", auth.ErrNotPermitted},
	} {
		got, err := p.Authenticate(t.Context(), auth.Credentials{User: c.user, Password: c.password})
		if !errors.Is(err, c.want) || (err == nil) != (got != nil) {
			t.Errorf("%q %q: %v, want %v", c.user, c.password, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "P@ssw0rd") {
			t.Errorf("%q: the error shows the password", c.user)
		}
	}
}

func TestPrincipal(t *testing.T) {
	d := directory(t)
	p := &iismanager.Provider{Directory: func() *iismanager.Directory { return d }, Site: "My FTP Site"}
	got, err := p.Authenticate(t.Context(), auth.Credentials{User: "MANAGER", Password: "P@ssw0rd"})
	if err != nil || got.Name() != "Manager" || got.QualifiedName() != "Manager" || got.Anonymous() || len(got.GroupKeys()) != 0 ||
		!slices.Equal(got.UserKeys(), []string{"manager"}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFind(t *testing.T) {
	d := directory(t)
	p := &iismanager.Provider{Directory: func() *iismanager.Directory { return d }, Site: "My FTP Site"}
	for user, want := range map[string]error{
		"MANAGER": nil, "unknown": auth.ErrLogon, "nohash": auth.ErrLogon, "off": auth.ErrAccountDisabled, "other": auth.ErrNotPermitted,
	} {
		if got, err := p.Find(t.Context(), user); !errors.Is(err, want) || (err == nil) != (got != nil) {
			t.Errorf("%s: %v, %v", user, got, err)
		}
	}
}

func TestPermits(t *testing.T) {
	d := directory(t)
	for site, want := range map[string]bool{"My FTP Site": true, "MY FTP SITE": true, "Other": true, "None": false, "": true} {
		if got := d.Permits(site); got != want {
			t.Errorf("%q: %v", site, got)
		}
	}
	lonely := iismanager.NewDirectory(nil, []iismanager.Scope{{Path: "/a", Users: []string{"nobody"}}})
	if lonely.Permits("a") {
		t.Error("a name that is no user's is a permission")
	}
}

func TestCheckHash(t *testing.T) {
	for text, want := range map[string]bool{
		narrow: true, strings.ToLower(wide): true, base64Of(t, wide): true,
		"": false, "secret": false, narrow[1:]: false, narrow + "0": false, narrow[:63] + "g": false,
		base64Of(t, wide)[1:]: false, base64.StdEncoding.EncodeToString([]byte("short")): false, base64Of(t, wide)[:43] + "\n=": false,
	} {
		err := iismanager.CheckHash(text)
		if (err == nil) != want || err != nil && (!errors.Is(err, iismanager.ErrHash) || text != "" && strings.Contains(err.Error(), text)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzAuthenticate(f *testing.F) {
	f.Add("manager", "P@ssw0rd", narrow)
	f.Add("a\x00b", "\xff\xfe\U0001f600", "AAAA")
	f.Fuzz(func(t *testing.T, user, password, hash string) {
		d := iismanager.NewDirectory([]iismanager.User{{Name: "x", Hash: hash, Enabled: true}}, []iismanager.Scope{{Path: "/s", Users: []string{"x"}}})
		p := &iismanager.Provider{Directory: func() *iismanager.Directory { return d }, Site: "s"}
		got, err := p.Authenticate(t.Context(), auth.Credentials{User: user, Password: password})
		if (got == nil) == (err == nil) || got != nil && (password == "" || iismanager.CheckHash(hash) != nil || !strings.EqualFold(user, "x")) {
			t.Errorf("%v, %v", got, err)
		}
	})
}
