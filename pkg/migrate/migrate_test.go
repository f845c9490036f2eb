package migrate_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"flag"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/ftphost/ftphost/pkg/accounts"
	"github.com/ftphost/ftphost/pkg/cert"
	"github.com/ftphost/ftphost/pkg/compile"
	"github.com/ftphost/ftphost/pkg/migrate"
)

var update = flag.Bool("update", false, "rewrite golden files") //nolint:gochecknoglobals // a flag

// TestGolden compares what people and scripts are told of a mixed server with
// testdata/mixed.txt and .json; with -update it writes them.
func TestGolden(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows its own paths need no map, so that other things are found")
	}
	plan, err := migrate.MakePlan(t.Context(), migrate.Settings{Files: []string{"testdata/mixed"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, print := range map[string]func(io.Writer) error{"mixed.txt": plan.Report.Print, "mixed.json": plan.Report.JSON} {
		var got bytes.Buffer
		if err := print(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			write(t, path, got.String())
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s is not what is told now (-update writes it anew):\n%s", path, got.String())
		}
	}
}

// pfx writes a certificate as PFX and returns its thumbprint.
func pfx(t *testing.T, path, password string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	draft := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ftp.example.com"}, DNSNames: []string{"ftp.example.com", "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	data, err := pkcs12.Modern.Encode(key, leaf, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(data))
	return cert.Thumbprint(der)
}

// windows makes a folder as it is copied from a Windows server.
func windows(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	thumbprint := pfx(t, filepath.Join(dir, "ftp.pfx"), "secret")
	write(t, filepath.Join(dir, "ftp.pfx.password"), "secret\n")
	write(t, filepath.Join(dir, "applicationHost.config"), file(site(parts{
		folders:  root(`D:\Sites\ftp`),
		security: `<ssl serverCertHash="` + thumbprint + `" serverCertStoreName="WebHosting" />`,
	}), rules(`<add accessType="Allow" roles="Partners" permissions="Read, Write" />`)))
	write(t, filepath.Join(dir, "members.csv"), "\"Group\",\"Name\"\r\n\"Partners\",\"WINSRV\\ann\"\r\n\"Partners\",\"CORP\\eve\"\r\n\"Others\",\"WINSRV\\ben\"\r\n")
	write(t, filepath.Join(dir, "users.csv"), "\"Name\",\"Enabled\",\"Description\"\r\n\"Administrator\",\"True\",\"\"\r\n\"ann\",\"True\",\"Ann, of sales\"\r\n\"ben\",\"False\",\"\"\r\n")
	return dir
}

func planOf(t *testing.T, s migrate.Settings) *migrate.Plan {
	t.Helper()
	plan, err := migrate.MakePlan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestRunBuildsAHome(t *testing.T) {
	from, home := windows(t), filepath.Join(t.TempDir(), "home")
	plan := planOf(t, migrate.Settings{Files: []string{from}})
	if n := plan.Report.Count(migrate.Blocks); n != 0 {
		t.Fatalf("%d findings block:\n%s", n, text(t, &plan.Report))
	}
	made, err := plan.Run(migrate.Options{Home: home, Passwords: true}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 1 || made[0].Name != "ann" || len(made[0].Password) < 12 {
		t.Errorf("passwords were made for %v", made)
	}
	problems, sites := compile.Check(compile.NewHome(home))
	if problems.Errors() > 0 || sites != 1 {
		t.Errorf("check: %d sites, %v", sites, problems)
	}
	want, _ := os.ReadFile(filepath.Join(from, "applicationHost.config"))
	if got, err := os.ReadFile(filepath.Join(home, "applicationHost.config")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("applicationHost.config is another one, or missing: %v", err)
	}
	if _, err := os.Stat(filepath.Join(home, "drives", "d", "Sites", "ftp")); err != nil {
		t.Error(err)
	}
	people, _ := accounts.Load(compile.NewHome(home).Accounts())
	users := people.Users()
	if len(users) != 2 || !users[0].Enabled || users[1].Enabled || users[0].Description != "Ann, of sales" {
		t.Errorf("accounts: %d", len(users))
	}
	if groups := people.GroupsOf("ann"); !slices.Equal(groups, []string{"Partners"}) {
		t.Errorf("ann is in %v", groups)
	}
	if len(people.GroupsOf("ben")) != 0 {
		t.Error("ben is in a group that no rule names")
	}
}

// TestRunAgain: a second run, also one without passwords, changes no byte.
func TestRunAgain(t *testing.T) {
	from, home := windows(t), filepath.Join(t.TempDir(), "home")
	settings := migrate.Settings{Files: []string{from}}
	if _, err := planOf(t, settings).Run(migrate.Options{Home: home, Passwords: true}, io.Discard); err != nil {
		t.Fatal(err)
	}
	before := state(t, home)
	var talk strings.Builder
	made, err := planOf(t, settings).Run(migrate.Options{Home: home, Passwords: true}, &talk)
	if err != nil || len(made) != 0 || talk.Len() != 0 {
		t.Errorf("the second run made %d passwords, says %q: %v", len(made), talk.String(), err)
	}
	if after := state(t, home); after != before {
		t.Errorf("the second run changed the home:\n%s\n%s", before, after)
	}
}

// state is every file of a folder with its content and time.
func state(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b.WriteString(path + " " + info.ModTime().String() + " " + string(data) + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDryRunWritesNothing(t *testing.T) {
	from, home := windows(t), filepath.Join(t.TempDir(), "home")
	var talk strings.Builder
	if _, err := planOf(t, migrate.Settings{Files: []string{from}}).Run(migrate.Options{Home: home, DryRun: true}, &talk); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the home is there: %v", err)
	}
	for _, want := range []string{"would write ", "would make the account ben, disabled, as on Windows", "would make the group Partners, with: ann\n", "into the store WebHosting"} {
		if !strings.Contains(talk.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, talk.String())
		}
	}
}

func TestForeignHomesStay(t *testing.T) {
	from := windows(t)
	for _, name := range []string{compile.ConfigFile, compile.OwnFile} {
		home := t.TempDir()
		write(t, filepath.Join(home, name), "<configuration />")
		_, err := planOf(t, migrate.Settings{Files: []string{from}}).Run(migrate.Options{Home: home}, io.Discard)
		if !errors.Is(err, migrate.ErrForeign) {
			t.Errorf("%s of somebody else: %v", name, err)
		}
		if left, _ := os.ReadDir(home); len(left) != 1 {
			t.Errorf("something was written: %v", left)
		}
	}
}

// TestChangesOfPeopleStay: what was changed in a home since is kept.
func TestChangesOfPeopleStay(t *testing.T) {
	from, home := windows(t), filepath.Join(t.TempDir(), "home")
	plan := planOf(t, migrate.Settings{Files: []string{from}})
	if _, err := plan.Run(migrate.Options{Home: home}, io.Discard); err != nil {
		t.Fatal(err)
	}
	own := compile.NewHome(home).Own()
	write(t, own, "<configuration />")
	file := accounts.Open(compile.NewHome(home).Accounts())
	if err := errors.Join(file.RemoveUser("ben"), file.SetEnabled("ann", true), file.Leave("Partners", "ann")); err != nil {
		t.Fatal(err)
	}
	var talk strings.Builder
	if _, err := plan.Run(migrate.Options{Home: home}, &talk); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(own); string(got) != "<configuration />" || !strings.Contains(talk.String(), "has been changed and is kept") {
		t.Errorf("ftphost.config was overwritten, or nothing said of it: %s", talk.String())
	}
	if people, _ := accounts.Load(file.Path()); len(people.GroupsOf("ann")) != 0 {
		t.Error("ann was put back into the group")
	}
}

func TestContent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("file systems of this system do not tell upper and lower case apart, or refuse the names")
	}
	from, content := windows(t), t.TempDir()
	for _, name := range []string{"D/Sites/ftp/a.txt", "D/Sites/ftp/A.TXT", "D/Sites/ftp/nul.txt", "D/Sites/ftp/x.", "D/Sites/ftp/a:stream", "D/Sites/ftp/\xe4.txt", "D/Sites/ftp/fine.txt"} {
		write(t, filepath.Join(content, name), "x")
	}
	if err := errors.Join(os.Symlink("/etc", filepath.Join(content, "D/Sites/ftp/away")), os.Symlink("fine.txt", filepath.Join(content, "D/Sites/ftp/good"))); err != nil {
		t.Fatal(err)
	}
	plan := planOf(t, migrate.Settings{Files: []string{from}, Content: content})
	for _, want := range []string{
		"decide name: differ only in case: A.TXT, a.txt", "decide name: one of a device on Windows", "decide name: ends in a dot or a space",
		"decide name: alternate stream", "decide name: not UTF-8", "decide name: a link to /etc", "maps path: the folder is " + content + "/D/Sites/ftp",
	} {
		if !found(&plan.Report, want) {
			t.Errorf("no finding %q in:\n%s", want, text(t, &plan.Report))
		}
	}
	for i := range plan.Report.Findings {
		if base := filepath.Base(plan.Report.Findings[i].Pos.File); base == "good" || base == "fine.txt" {
			t.Errorf("told of %s: %s", base, plan.Report.Findings[i].Here)
		}
	}
}

// TestInterrupted: whoever interrupts a look at a large content finds no keys in
// the folder for temporary files.
func TestInterrupted(t *testing.T) {
	from, content, place := windows(t), t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", place)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := migrate.MakePlan(ctx, migrate.Settings{Files: []string{from}, Content: content}); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted look: %v", err)
	}
	if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestContentInAnotherCase: a copy may spell a folder in its own way.
func TestContentInAnotherCase(t *testing.T) {
	from, content, home := windows(t), t.TempDir(), filepath.Join(t.TempDir(), "home")
	write(t, filepath.Join(content, "D", "sites", "FTP", "a.txt"), "x")
	if _, err := planOf(t, migrate.Settings{Files: []string{from}, Content: content}).Run(migrate.Options{Home: home}, io.Discard); err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(filepath.Join(content, "D"))
	if err != nil || len(folders) != 1 {
		t.Errorf("a folder was made beside the one that was copied: %v %v", folders, err)
	}
	if problems, _ := compile.Check(compile.NewHome(home)); problems.Errors() > 0 {
		t.Error(problems)
	}
	if _, err := os.Stat(filepath.Join(content, "c")); err == nil {
		t.Error("the logs made a drive in the content")
	}
}

func TestMapsAndVariables(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "applicationHost.config")
	share := t.TempDir()
	write(t, path, file(site(parts{folders: `<application path="/"><virtualDirectory path="/" physicalPath="%DROP%\in" /><virtualDirectory path="/s" physicalPath="\\srv\ftp\x" /></application>`}), rules(allow)))
	plan := planOf(t, migrate.Settings{Files: []string{path}, Maps: [][2]string{{`\\SRV\ftp`, share}}, Variables: map[string]string{"drop": `E:\drop`}})
	for _, want := range []string{"maps path: HOME/drives/e/drop/in", "decide path: the folder is " + filepath.Join(share, "x") + ", which is not there; run creates it"} {
		if !found(&plan.Report, want) {
			t.Errorf("no finding %q in:\n%s", want, text(t, &plan.Report))
		}
	}
	if plan.Report.Count(migrate.Blocks) != 0 {
		t.Errorf("something blocks:\n%s", text(t, &plan.Report))
	}
	home := filepath.Join(dir, "home")
	if _, err := plan.Run(migrate.Options{Home: home}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if problems, _ := compile.Check(compile.NewHome(home)); problems.Errors() > 0 {
		t.Error(problems)
	}
	if _, err := os.Stat(filepath.Join(share, "x")); err != nil {
		t.Error(err)
	}
}

func TestBadCertificates(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(dir string) error
		want   string
	}{
		{"wrong password", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "ftp.pfx.password"), []byte("wrong-password\n"), 0o600)
		}, "decide certificate: first line of ftp.pfx.password"},
		{"truncated", func(dir string) error { return os.Truncate(filepath.Join(dir, "ftp.pfx"), 200) }, "decide certificate: cannot be used as PFX"},
		{"empty", func(dir string) error { return os.Truncate(filepath.Join(dir, "ftp.pfx"), 0) }, "decide certificate: cannot be used"},
		{"without key", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "other.cer"), []byte("no certificate"), 0o600)
		}, "decide certificate: cannot be used"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := windows(t)
			if err := test.change(dir); err != nil {
				t.Fatal(err)
			}
			plan := planOf(t, migrate.Settings{Files: []string{dir}})
			told := text(t, &plan.Report)
			if !found(&plan.Report, test.want) {
				t.Errorf("no finding %q in:\n%s", test.want, told)
			}
			if strings.Contains(told, "wrong-password") {
				t.Error("the password is shown")
			}
			if missing := plan.Report.Count(migrate.Blocks) > 0; missing != (test.name != "without key") {
				t.Errorf("the missing certificate blocks: %v\n%s", missing, told)
			}
		})
	}
}

// TestOddStores: the name of a store may be more than a folder can be called.
func TestOddStores(t *testing.T) {
	dir := windows(t)
	path := filepath.Join(dir, "applicationHost.config")
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.Replace(string(config), "WebHosting", "Remote Desktop", 1))
	plan := planOf(t, migrate.Settings{Files: []string{dir}})
	if !found(&plan.Report, `decide certificate: serverCertStoreName="MY"`) {
		t.Error(text(t, &plan.Report))
	}
}

func TestCollectRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"nothing", map[string]string{}, "none of the files is an applicationHost.config. Copy %windir%"},
		{"a web.config", map[string]string{"web.config": "<configuration><system.web /></configuration>"}, "is a web.config, which IIS does not ask about FTP"},
		{"a picture", map[string]string{"a.png": "x"}, "a.png is something else"},
		{"redirection alone", map[string]string{"redirection.config": `<configuration><configurationRedirection enabled="true" path="\\x\y" /></configuration>`}, "says where the shared one is"},
		{"two", map[string]string{"a.config": plain(), "b.config": plain()}, "are both of one kind"},
		{"a list without names", map[string]string{"applicationHost.config": plain(), "users.csv": "SID,Enabled\r\nS-1-5,True\r\n"}, "has no column Name but SID, Enabled"},
		{"a list that is none", map[string]string{"applicationHost.config": plain(), "users.csv": "Name\n\"ann"}, "it is not CSV"},
		{"a text that is none", map[string]string{"applicationHost.config": plain(), "users.txt": "ann\nben\n"}, "not what net user prints"},
	} {
		dir := t.TempDir()
		for name, data := range test.files {
			write(t, filepath.Join(dir, name), data)
		}
		_, err := migrate.MakePlan(t.Context(), migrate.Settings{Files: []string{dir}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// TestNotXML: a file of that name that is something else is told with its place.
func TestNotXML(t *testing.T) {
	path := filepath.Join(t.TempDir(), "applicationHost.config")
	write(t, path, "PK\x03\x04 not xml")
	plan := planOf(t, migrate.Settings{Files: []string{path}})
	if plan.Report.Count(migrate.Blocks) != 1 {
		t.Error(text(t, &plan.Report))
	}
	home := filepath.Join(t.TempDir(), "home")
	if _, err := plan.Run(migrate.Options{Home: home}, io.Discard); !errors.Is(err, migrate.ErrRefused) {
		t.Errorf("run: %v", err)
	}
	if _, err := os.Stat(home); err == nil {
		t.Error("a home was built")
	}
}

func TestReadPeople(t *testing.T) {
	dir := t.TempDir()
	netUser := "\r\nUser accounts for \\\\WINSRV\r\n\r\n" + strings.Repeat("-", 79) + "\r\n" +
		"Administrator            ann                      Guest\r\njo from sales            \r\nThe command completed successfully.\r\n"
	for name, data := range map[string]string{
		"a.csv": "#TYPE Selected.User\r\n\"Name\";\"Enabled\"\r\n\"zoë\";\"True\"\r\n\"old\";\"False\"\r\n",
		"b.csv": "Group,Name\r\nStaff,WINSRV\\zoë\r\n staff ,WINSRV\\ann\r\n",
		"c.txt": netUser,
		"d.csv": utf16Text("Name,Enabled\r\nÉva,True\r\n"),
	} {
		write(t, filepath.Join(dir, name), data)
	}
	people, err := migrate.ReadPeople([]string{
		filepath.Join(dir, "b.csv"), filepath.Join(dir, "a.csv"), filepath.Join(dir, "c.txt"), filepath.Join(dir, "d.csv"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range people.Users {
		name := u.Name
		if !u.Enabled {
			name += " (disabled)"
		}
		names = append(names, name)
	}
	if want := []string{"zoë", "old (disabled)", "Administrator", "ann", "Guest", "jo from sales", "Éva"}; !slices.Equal(names, want) {
		t.Errorf("users: %q, want %q", names, want)
	}
	if len(people.Groups) != 1 || !slices.Equal(people.Groups[0].Members, []string{"zoë", "ann"}) || people.Computer != "WINSRV" {
		t.Errorf("groups: %v of %s", people.Groups, people.Computer)
	}
}
