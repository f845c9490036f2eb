//go:build integration

package integration_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExplainSaysWhatTheWireSays asks explain and the server the same: every
// user, what they may and may not do, with and without files that are there.
func TestExplainSaysWhatTheWireSays(t *testing.T) {
	home := newHome(t, "scenario")
	hide(t, home)
	if err := os.MkdirAll(filepath.Join(content(home), "dir", "_vti_bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := serve(t, home)
	for _, user := range []string{"anonymous", "user1", "user3"} {
		d := login(t, "127.0.0.1", s.port, user)
		asked, refused := 0, 0
		for _, path := range []string{"/computer.txt", "/test.txt", "/TEST.TXT", "/none.txt", "/none/none.txt", "/dir", "/dir/_vti_bin", "/_VTI_BIN/x", "/"} {
			for _, verb := range []string{"SIZE", "MDTM", "CWD", "RNFR", "MKD", "RETR", "LIST", "MLST", "DELE", "RMD", "STOR", "XYZ", "SMNT"} {
				if user != "anonymous" && slices.Contains([]string{"STOR", "MKD", "DELE", "RMD"}, verb) {
					continue // these may change what is asked next
				}
				asked++
				answer := explained(t, home, user, path, verb)
				code, text := d.try(verb, path)
				if allowed := code < "4"; allowed != answer.Allowed {
					t.Errorf("%s %s as %s: the wire says %s %s, explain allowed %v: %+v", verb, path, user, code, text, answer.Allowed, answer.Steps[len(answer.Steps)-1])
					continue
				}
				if answer.Allowed {
					continue
				}
				refused++
				if want := code + " " + text; strings.TrimSpace(answer.Reply) != strings.TrimSpace(want) {
					t.Errorf("%s %s as %s: the wire says %q, explain %q", verb, path, user, want, answer.Reply)
				}
			}
		}
		if asked < 60 || refused < 20 {
			t.Errorf("%s: only %d questions, %d of them refused", user, asked, refused)
		}
	}
}

// hide adds a hidden segment to the configuration.
func hide(t *testing.T, home string) {
	t.Helper()
	path := filepath.Join(home, "applicationHost.config")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(data), "<system.ftpServer>")
	if !found {
		t.Fatal("no system.ftpServer in the configuration")
	}
	filter := "<system.ftpServer><security><requestFiltering><hiddenSegments>\n<add segment=\"_vti_bin\" />\n</hiddenSegments></requestFiltering></security>"
	if err := os.WriteFile(path, []byte(before+filter+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// try says a command, with a data connection where one is needed, and returns
// the code and the text of the reply that counts.
func (d *dialogue) try(verb, path string) (code, text string) {
	d.t.Helper()
	if verb == "RETR" || verb == "LIST" || verb == "STOR" {
		c := d.passive()
		defer c.Close()
	}
	d.say("CWD /", "250 ")
	if err := d.text.PrintfLine("%s %s", verb, path); err != nil {
		d.t.Fatal(err)
	}
	for {
		line, err := d.text.ReadLine()
		if err != nil {
			d.t.Fatal(err)
		}
		code, text = line[:3], line[4:]
		for line[3] == '-' || line[0] == ' ' {
			if line, err = d.text.ReadLine(); err != nil {
				d.t.Fatal(err)
			}
			if !strings.HasPrefix(line, code) {
				line = "    " + line
			}
		}
		if code[0] != '1' {
			return code, text
		}
	}
}

// explanation is what explain --json says.
type explanation struct {
	Allowed   bool
	Reply     string
	SubStatus int
	Steps     []struct{ Name, Result, Text, Origin string }
}

func explained(t *testing.T, home, user, path, verb string) (e explanation) {
	t.Helper()
	out, talk, code := command(t, "", "explain", "--home", home, "--site", "ftpsite01.com", "--user", user, "--path", path, "--verb", verb, "--json")
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("%v: %s%s", err, out, talk)
	}
	if want := map[bool]int{true: 0, false: 1}[e.Allowed]; code != want {
		t.Errorf("explain %s %s: exit status %d, want %d", verb, path, code, want)
	}
	return e
}

// TestExplainNamesTheLine: a refusal leads to the file.
func TestExplainNamesTheLine(t *testing.T) {
	home := newHome(t, "scenario")
	hide(t, home)
	for _, c := range []struct{ args, step, text, line string }{
		{"--user user3 --path /test.txt", "authorization", "an authorization rule denies Read (sub-status 1)", `<add accessType="Deny" users="user3"`},
		{"--path /_vti_bin/x", "request filter", `"_vti_bin" is a hidden segment (sub-status 8)`, `<add segment="_vti_bin"`},
		{"--path /new.txt --verb STOR", "authorization", "no authorization rule grants Write (sub-status 1)", ""},
		{"--user nobody", "account", `no source of accounts knows "nobody" (sub-status 41)`, ""},
	} {
		out, _, code := command(t, "", append([]string{"explain", "--home", home, "--site", "FTPSITE01.com"}, strings.Fields(c.args)...)...)
		if code != 1 || !strings.Contains(out, fmt.Sprintf("%-15s refused        %s\n", c.step, c.text)) {
			t.Errorf("%s: exit status %d\n%s", c.args, code, out)
		}
		if c.line != "" {
			if got := lineOf(t, out, c.text); !strings.Contains(got, c.line) {
				t.Errorf("%s leads to %q, want %s", c.args, got, c.line)
			}
		}
	}
	for args, want := range map[string]string{
		"--site nosuch": `there is no ftp site "nosuch"; those that run are: ftpsite01.com`,
		"":              "which site? --site NAME",
	} {
		if _, talk, code := command(t, "", append([]string{"explain", "--home", home}, strings.Fields(args)...)...); code == 0 || !strings.Contains(talk, want) {
			t.Errorf("explain %s: exit status %d, %s", args, code, talk)
		}
	}
}

// lineOf is the line of the file that the text below what explain says names.
func lineOf(t *testing.T, out, after string) string {
	t.Helper()
	_, rest, _ := strings.Cut(out, after+"\n")
	place := strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0])
	parts := strings.Split(place, ":")
	var line int
	if len(parts) < 3 {
		t.Fatalf("no place below %q in\n%s", after, out)
	}
	if _, err := fmt.Sscan(parts[len(parts)-2], &line); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(strings.Join(parts[:len(parts)-2], ":"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(data), "\n")[line-1]
}
