package compile

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/site"
)

func TestParseBinding(t *testing.T) {
	addr := netip.MustParseAddr
	for _, c := range []struct {
		in   string
		want site.Binding
		note string
	}{
		{"*:21:", site.Binding{Port: 21}, ""},
		{":21:", site.Binding{Port: 21}, ""},
		{"*:21:Ftp.Example.com", site.Binding{Port: 21, Host: "ftp.example.com"}, ""},
		{"192.0.2.20:990:", site.Binding{Address: addr("192.0.2.20"), Port: 990}, ""},
		{"[2001:db8::20]:21:", site.Binding{Address: addr("2001:db8::20"), Port: 21}, ""},
		{"[::]:21:h", site.Binding{Address: addr("::"), Port: 21, Host: "h"}, ""},
		{"*:21", site.Binding{Port: 21}, "no host part"},
		{"[2001:db8::20]:21", site.Binding{Address: addr("2001:db8::20"), Port: 21}, "no host part"},
		{"*:21:*", site.Binding{Port: 21}, "taken as no host name"},
	} {
		got, note, err := parseBinding(c.in)
		if err != nil || got != c.want || !strings.Contains(note, c.note) || (c.note == "") != (note == "") {
			t.Errorf("%s: %+v, note %q, error %v; want %+v, note %q", c.in, got, note, err, c.want, c.note)
		}
	}
}

func TestParseBindingRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "not address:port:host"},
		{"21", "not address:port:host"},
		{"*:ftp:", `port "ftp" is not a number from 1 to 65535`},
		{"*:0:", `port "0"`},
		{"*:65536:", `port "65536"`},
		{"*:-1:", `port "-1"`},
		{"*::", `port ""`},
		{"localhost:21:", `address "localhost" is neither`},
		{"192.0.2.300:21:", "neither"},
		{"2001:db8::20:21:", "in brackets"},
		{"*:21:two words", "not a host name"},
		{"*:21:a|b", "not a host name"},
	} {
		got, _, err := parseBinding(c.in)
		if err == nil {
			t.Errorf("%q: parsed as %+v, want an error", c.in, got)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %q does not say %q", c.in, err, c.want)
		}
	}
}

func FuzzParseBinding(f *testing.F) {
	for _, s := range []string{"*:21:", ":21:", "[::1]:21:host", "10.0.0.1:990:", "*:21", "*:21:*", "[::1", "::::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, _, err := parseBinding(s)
		if err != nil {
			return
		}
		if b.Port == 0 || strings.ContainsAny(b.Host, "|\\/ ") {
			t.Fatalf("%q parsed as %+v", s, b)
		}
		address := "*"
		if b.Address.IsValid() {
			address = b.Address.String()
			if b.Address.Is6() {
				address = "[" + address + "]"
			}
		}
		printed := address + ":" + strconv.Itoa(int(b.Port)) + ":" + b.Host
		again, _, err := parseBinding(printed)
		if err != nil || again != b {
			t.Fatalf("%q printed as %q parses as %+v, %v", s, printed, again, err)
		}
	})
}
