package ftpserver

import (
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/access"
	"github.com/ftphost/ftphost/pkg/ftp"
)

func TestNoSecretInTheLog(t *testing.T) {
	for line, want := range map[string]string{
		"PASS hunter2":            "***",
		"pass  hunter 2":          "***",
		"ACCT 12345":              "***",
		"SITE PSWD old hunter2":   "PSWD ***",
		"site pswd old;hunter2":   "pswd ***",
		"SITE PSWD":               "PSWD ***",
		"SITE CHMOD 600 PSWD":     "CHMOD 600 PSWD",
		"RETR PASS hunter's file": "PASS hunter's file",
	} {
		cmd, err := ftp.ParseCommand([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if got := (&session{}).argument(cmd); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	anonymous := &session{now: exchange{identity: true}}
	if got := anonymous.argument(ftp.Command{Verb: "PASS", Arg: "me@example.com"}); got != "me@example.com" {
		t.Errorf("anonymous: %q", got)
	}
}

// Every sub-status comes with its reason, and a reason beside it is not lost.
func TestReasonsForTheLog(t *testing.T) {
	for sub := range access.SubStatusSSL128Required + 1 {
		out := outcome{sub: sub}
		if got := out.info(); got != access.Text(sub) && sub != access.SubStatusOK || got == "" != (sub == access.SubStatusOK) {
			t.Errorf("sub-status %d: %q", sub, got)
		}
		out.why = "because"
		if got := out.info(); !strings.HasSuffix(got, "because") || sub != access.SubStatusOK && !strings.HasPrefix(got, access.Text(sub)) {
			t.Errorf("sub-status %d with a reason: %q", sub, got)
		}
	}
}
