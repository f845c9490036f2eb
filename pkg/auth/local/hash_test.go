package local

import (
	"errors"
	"strings"
	"testing"
)

func TestHashPassword(t *testing.T) {
	first, err := HashPassword("päss wörd")
	if err != nil {
		t.Fatal(err)
	}
	second, err := HashPassword("päss wörd")
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("two hashes share a salt")
	}
	if !strings.HasPrefix(first, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", first)
	}
	for password, want := range map[string]bool{"päss wörd": true, "päss wörD": false, "": false} {
		if got := VerifyPassword(first, password); got != want {
			t.Errorf("%q: %v", password, got)
		}
	}
}

// A hash made by the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32.
func TestVerifyForeignHash(t *testing.T) {
	const phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if !VerifyPassword(phc, "password") || VerifyPassword(phc, "Password") {
		t.Error("the reference hash is not understood")
	}
}

func TestParseHashRefuses(t *testing.T) {
	const tail = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"
	for _, phc := range []string{
		"", "secret", "$argon2id$v=19", "$argon2i$v=19$m=19456,t=2,p=1" + tail, "$argon2id$v=16$m=19456,t=2,p=1" + tail,
		"$argon2id$v=19$m=262145,t=2,p=1" + tail, "$argon2id$v=19$m=19456,t=17,p=1" + tail, "$argon2id$v=19$m=19456,t=0,p=1" + tail,
		"$argon2id$v=19$m=19456,t=2,p=0" + tail, "$argon2id$v=19$m=19456,t=2,p=17" + tail, "$argon2id$v=19$m=7,t=1,p=1" + tail,
		"$argon2id$v=19$m=99999999999,t=2,p=1" + tail, "$argon2id$v=19$m=-1,t=2,p=1" + tail, "$argon2id$v=19$m=+19456,t=2,p=1" + tail,
		"$argon2id$v=19$m=19456,t=2,p=1,x=1" + tail, "$argon2id$v=19$t=2,m=19456,p=1" + tail, "$argon2id$v=19$m=019456,t=2,p=1" + tail,
		"$argon2id$v=19$m=19456,t=2,p=1$$", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", "$argon2id$v=19$m=19456,t=2,p=1" + tail + "$",
		"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + strings.Repeat("A", 300), "$argon2id$v=19$m=19456,t=2,p=1" + tail + "==",
	} {
		if h, err := parseHash(phc); h != nil || !errors.Is(err, ErrHash) {
			t.Errorf("%q: %v, %v", phc, h, err)
		} else if len(phc) > 20 && strings.Contains(err.Error(), phc) {
			t.Errorf("the error shows the stored value: %v", err)
		}
		if VerifyPassword(phc, "") || CheckHash(phc) == nil {
			t.Errorf("%q is accepted", phc)
		}
	}
}

// What is parsed is within the bounds and prints back to the same text.
func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, phc string) {
		h, err := parseHash(phc)
		if err != nil {
			return
		}
		if h.memory > maxMemory || h.time > maxTime || h.threads > maxThreads || h.time < 1 || h.threads < 1 || len(h.key) < minKey {
			t.Errorf("%q is out of bounds", phc)
		}
		if h.String() != phc {
			t.Errorf("%q prints as %q", phc, h.String())
		}
	})
}

func BenchmarkVerifyPassword(b *testing.B) {
	phc, err := HashPassword("password")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		VerifyPassword(phc, "password")
	}
}
