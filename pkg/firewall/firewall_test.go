package firewall_test

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/firewall"
	"github.com/ftphost/ftphost/pkg/site"
)

var update = flag.Bool("update", false, "write the golden files anew")

func binding(name, address string, port uint16, origin string) compile.SiteBinding {
	b := site.Binding{Port: port, Origin: origin}
	if address != "*" {
		b.Address = netip.MustParseAddr(address)
	}
	return compile.SiteBinding{Binding: b, Site: name}
}

// cases are configurations by the name of their golden files.
func cases() map[string]*compile.Needs {
	passive := compile.PortRange{Low: 50000, High: 50099}
	return map[string]*compile.Needs{
		"all": {
			Bindings: []compile.SiteBinding{
				binding("main", "*", 21, "a.config:3:9"), binding("one", "192.0.2.1", 21, "a.config:4:9"), binding("secure", "*", 990, "a.config:5:9"),
			},
			Passive: passive, PassiveOrigin: "a.config:9:3",
		},
		"addresses": {
			Bindings: []compile.SiteBinding{
				binding("one", "192.0.2.1", 21, "a.config:3:9"), binding("six", "2001:db8::1", 21, "a.config:4:9"), binding("two\nrm -rf /", "192.0.2.1", 2121, "a.config:5:9"),
			},
			Passive: compile.PortRange{Low: 50000, High: 50000}, PassiveOrigin: "a.config:9:3",
		},
		"families": {
			Bindings: []compile.SiteBinding{
				binding("four", "0.0.0.0", 21, "a.config:3:9"), binding("one", "192.0.2.1", 21, "a.config:4:9"), binding("six", "::", 990, "a.config:5:9"),
			},
			Passive: passive, PassiveOrigin: "a.config:9:3",
		},
		"ephemeral": {Bindings: []compile.SiteBinding{binding("main", "*", 21, "a.config:3:9")}, PassiveOrigin: "default"},
	}
}

func write(t *testing.T, format firewall.Format, needs *compile.Needs) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := firewall.Write(&b, format, needs, 0); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for name, needs := range cases() {
		for _, format := range firewall.Formats() {
			got := write(t, format, needs)
			golden := filepath.Join("testdata", name+"."+string(format))
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is\n%s", golden, got)
			}
		}
	}
}

// TestPrograms: the shells and nft read what is written.
func TestPrograms(t *testing.T) {
	for name, needs := range cases() {
		for _, format := range []firewall.Format{firewall.UFW, firewall.Firewalld} {
			checked(t, name, write(t, format, needs), "sh", "-n", "-")
		}
	}
	nft, err := exec.LookPath("nft")
	if err != nil {
		t.Skip("NOT CHECKED: there is no nft here (Debian package nftables), so that only the golden files were compared")
	}
	if out, err := exec.Command(nft, "list", "tables").CombinedOutput(); err != nil {
		t.Skipf("NOT CHECKED: nft may not be asked here, which needs CAP_NET_ADMIN: %v: %s", err, out)
	}
	for name, needs := range cases() {
		checked(t, name, write(t, firewall.NFT, needs), nft, "-c", "-f", "-")
	}
}

func checked(t *testing.T, name string, text []byte, command ...string) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %v\n%s\n%s", name, command, err, out, text)
	}
}

func TestOffset(t *testing.T) {
	var b bytes.Buffer
	if err := firewall.Write(&b, firewall.UFW, cases()["all"], 2100); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" port 2121 ", " port 3090 ", " port 52100:52199 ", "from any port 2120"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

func TestRefusals(t *testing.T) {
	needs := cases()["all"]
	for _, c := range []struct {
		format firewall.Format
		needs  *compile.Needs
		offset int
		want   string
	}{
		{"iptables", needs, 0, `there is no format "iptables"; there are: nft, firewalld, ufw, windows`},
		{firewall.NFT, &compile.Needs{}, 0, "no site has an ftp binding, so that there is nothing to let in"},
		{firewall.NFT, needs, 65500, "--port-offset 65500 moves port 990 outside 1 to 65535 (a.config:5:9)"},
		{firewall.NFT, needs, -21, "--port-offset -21 moves port 21 outside 1 to 65535 (a.config:3:9)"},
		{firewall.NFT, needs, 20000, "--port-offset 20000 moves the passive ports 50000 to 50099 outside 1 to 65535 (a.config:9:3)"},
	} {
		var b bytes.Buffer
		if err := firewall.Write(&b, c.format, c.needs, c.offset); err == nil || err.Error() != c.want || b.Len() > 0 {
			t.Errorf("%v, want %s; wrote %q", err, c.want, &b)
		}
	}
}
