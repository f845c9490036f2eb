package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/replay"
)

// oldLog is a session that may read less now.
const oldLog = `#Fields: c-ip cs-username cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath
192.0.2.7 - USER user3 331 0 0 s1 -
192.0.2.7 WEB01\user3 PASS *** 230 0 0 s1 /
192.0.2.7 WEB01\user3 RETR test.txt 226 0 0 s1 /test.txt
192.0.2.7 WEB01\user3 SIZE gone.txt 550 2 3 s1 /gone.txt
`

func TestReplayCommand(t *testing.T) {
	home, _ := initialized(t)
	logs := filepath.Join(t.TempDir(), "FTPSVC1")
	file := filepath.Join(logs, "u_ex1.log")
	writeFile(t, file, oldLog)
	out, _, err := command(t, home.Dir, "", "migrate", "replay", "--log", logs)
	if err == nil || err.Error() != "1 of 3 decisions differ" {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{
		"Refused now, allowed then:\n        1  ftpsite01.com, authorization: an authorization rule denies Read\n           by " + home.Config + ":",
		"first " + file + ":4: RETR test.txt -> 226\n           users: user3\n           commands: RETR\n           paths: /test.txt\n",
		"        1  commands that the file system decided (" + file + ":5)\n",
		"Files: 1, lines: 4, decisions compared: 3, different: 1.\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out, _, err = command(t, home.Dir, "", "migrate", "replay", "--json", "--log", file)
	var report replay.Report
	if jsonErr := json.Unmarshal([]byte(out), &report); err == nil || jsonErr != nil || report.Differ != 1 {
		t.Errorf("%v, %v, %+v", err, jsonErr, report)
	}
	writeFile(t, file, strings.ReplaceAll(oldLog, "/test.txt", "/other.txt"))
	if out, talk, err := command(t, home.Dir, "", "migrate", "replay", file); err != nil || talk != "" {
		t.Errorf("%v\n%s%s", err, out, talk)
	}
	writeFile(t, file, "")
	if _, _, err := command(t, home.Dir, "", "migrate", "replay", "--log", file); err == nil || err.Error() != "the logs have nothing that could be compared" {
		t.Errorf("got %v", err)
	}
	var wrong usageError
	if _, _, err := command(t, home.Dir, "", "migrate", "replay"); !errors.As(err, &wrong) {
		t.Errorf("without logs: %v", err)
	}
}

// TestBrokenAccounts: nobody is known then, and that is said.
func TestBrokenAccounts(t *testing.T) {
	home, _ := initialized(t)
	writeFile(t, home.Accounts(), strings.Replace(readFile(t, home.Accounts()), "<users>", "<users><bad />", 1))
	_, talk, err := command(t, home.Dir, "", "explain", "--site", "ftpsite01.com", "--user", "user1")
	if err == nil || !strings.Contains(talk, "error: localAccounts: unrecognized element <bad>") {
		t.Errorf("%v\n%s", err, talk)
	}
}

func TestFirewallCommand(t *testing.T) {
	home, _ := initialized(t)
	out, talk, err := command(t, home.Dir, "", "firewall", "--format", "ufw", "--port-offset", "2100")
	if err != nil || talk != "" || !strings.Contains(out, "ufw allow proto tcp to any port 7100:8100 ") {
		t.Errorf("%v\n%s%s", err, out, talk)
	}
	text := readFile(t, home.Config)
	writeFile(t, home.Config, strings.Replace(text, `lowDataChannelPort="5000" highDataChannelPort="6000"`, "", 1))
	if out, talk, err := command(t, home.Dir, "", "firewall", "--format", "nft"); err != nil || !strings.HasPrefix(talk, "No ports are named") || !strings.Contains(out, "lowDataChannelPort=") {
		t.Errorf("%v\n%s%s", err, out, talk)
	}
	writeFile(t, home.Config, strings.Replace(text, `"*:990:"`, `"*:99999:"`, 1))
	if _, talk, _ := command(t, home.Dir, "", "firewall", "--format", "nft"); !strings.Contains(talk, `error: `) {
		t.Errorf("a binding that cannot be read is left out in silence: %s", talk)
	}
	var wrong usageError
	if _, _, err := command(t, home.Dir, "", "firewall"); !errors.As(err, &wrong) {
		t.Errorf("without a format: %v", err)
	}
}
