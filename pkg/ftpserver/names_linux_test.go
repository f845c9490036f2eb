package ftpserver_test

import (
	"strings"
	"testing"
	"unicode"
)

const loginAnn = "S: 220 *\nC: USER ann\nS: 331 *\nC: PASS secret\nS: 230 *\n"

// TestNamesOfAnyBytes: what is not UTF-8 goes in and out as it is.
func TestNamesOfAnyBytes(t *testing.T) {
	playOver(t, "testdata/facts.txtar", map[string]string{"sub/caf\xe9.txt": "latin", "sub/\xc3\xa9t\xc3\xa9": "utf", "sub/\xfe\xff": "no letters"},
		"-- session --\n"+loginAnn+`C: CWD sub
S: 250 *
PASV
C: NLST
S: 125 *
DATA<
 b.txt
 caf`+"\xe9"+`.txt
 été
 `+"\xfe\xff"+`
S: 226 *
C: OPTS MLST size;
S: 200 *
PASV
C: MLSD
S: 125 *
DATA<
 size=2; b.txt
 size=5; caf`+"\xe9"+`.txt
 size=3; été
 size=10; `+"\xfe\xff"+`
S: 226 *
PASV
C: RETR caf`+"\xe9"+`.txt
S: 125 *
DATA< "latin"
S: 226 *
C: MLST CAF`+"\xe9"+`.TXT
S: 250-Listing /sub/CAF`+"\xe9"+`.TXT
S:  size=5; /sub/CAF`+"\xe9"+`.TXT
S: 250 End
C: SIZE caf`+"\xc3\xa9"+`.txt
S: 550 The system cannot find the file specified.␠
C: SIZE `+"\xfe\xff\xff"+`
S: 213 10
C: SIZE `+"\xfe\xff"+`
S: 213 10
C: RNFR `+"\xfe\xff"+`
S: 350 *
C: RNTO `+"\xe9\xe8"+`
S: 250 *
C: SIZE `+"\xe9\xe8"+`
S: 213 10
C: MKD d`+"\xe9"+`p
S: 257 "d`+"\xe9"+`p" directory created.
C: CWD d`+"\xe9"+`p
S: 250 *
C: PWD
S: 257 "/sub/d`+"\xe9"+`p" is current directory.
PASV
C: STOR n`+"\xb0"+`1
S: 125 *
DATA> "one"
S: 226 *
PASV
C: LIST
S: 125 *
DATA~
 *3 * n`+"\xb0"+`1
S: 226 *
C: DELE n`+"\xb0"+`1
S: 250 *
`)
}

// TestNamesThatSplitNothing: what another program has put into a directory
// cannot pretend to be a line of a listing or of a reply.
func TestNamesThatSplitNothing(t *testing.T) {
	files := map[string]string{"sub/z": "last"}
	for _, name := range []string{"a\r\n-rwxrwxrwx   1 owner    group 1 Jan  1  2000 fake", "b\ntype=dir; fake", "c\rd", "e\x1b[2J", "f\tg", "h\x00"[:1] + "\x01"} {
		files["sub/"+name] = "x"
	}
	playOver(t, "testdata/facts.txtar", files, "-- session --\n"+loginAnn+`C: CWD sub
S: 250 *
C: OPTS MLST type;
S: 200 *
PASV
C: MLSD
S: 125 *
DATA<
 type=file; b.txt
 type=file; z
S: 226 *
PASV
C: LIST -a
S: 125 *
DATA~
 * b.txt
 * z
S: 226 *
PASV
C: NLST
S: 125 *
DATA<
 b.txt
 z
S: 226 *
C: STAT /sub
S: 213-*
S: * b.txt
S: * z
S: 213 *
CRAW: "MLST c\rd\r\n"
S: 550 The filename, directory name, or volume label syntax is incorrect.␠
CRAW: "MLST f\tg\r\n"
S: 550 The filename, directory name, or volume label syntax is incorrect.␠
CRAW: "MKD new\x1b]0;x\x07\r\n"
S: 550 The filename, directory name, or volume label syntax is incorrect.␠
CRAW: "HELP x\rFEAT\r\n"
S: 501 Server cannot accept argument.
CRAW: "MFMT 20240102030405 c\rd\r\n"
S: 550 *
`)
}

// TestDEL is part of names, which it does not change.
func TestDEL(t *testing.T) {
	log := playOver(t, "testdata/facts.txtar", map[string]string{"sub/a\x7fb": "del"}, "-- session --\n"+loginAnn+`C: CWD sub
S: 250 *
PASV
C: NLST
S: 125 *
DATA< "a\x7fb\r\nb.txt\r\n"
S: 226 *
PASV
CRAW: "RETR a\x7fb\r\n"
S: 1*
DATA< "del"
S: 226 *
CRAW: "MLST a\x7fb\r\n"
S: 250-Listing /sub/a`+"\x7f"+`b
S:  *; /sub/a`+"\x7f"+`b
S: 250 End
CRAW: "MKD \x7f\r\n"
S: 257 "`+"\x7f"+`" directory created.
`)
	if !strings.Contains(log, " RETR a?b 226 ") {
		t.Errorf("the log lacks the name with its DEL replaced:\n%s", log)
	}
}

// TestCommandsThatSplitNoLog: every command is one line of the log, whatever
// bytes it has.
func TestCommandsThatSplitNoLog(t *testing.T) {
	log := playOver(t, "testdata/facts.txtar", nil, "-- session --\n"+loginAnn+`CRAW: "CWD a\rb\r\n"
S: 550 *
CRAW: "CWD a\x1b[2Jb\r\n"
S: 550 *
CRAW: "CWD a\x00b\r\n"
S: 550 *
CRAW: "CWD a\xc2\x85b\xe2\x80\xa8c\r\n"
S: 550 *
CRAW: "CWD a\tb c\r\n"
S: 550 *
CRAW: "USER x\r2000-01-01 00:00:00 fake\r\n"
S: 331 *
`)
	for _, want := range []string{" CWD a?b 550 ", " CWD a?[2Jb 550 ", " CWD a?b+c 550 ", " USER x?2000-01-01+00:00:00+fake 331 "} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(log), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if fields := strings.Fields(line); !strings.HasPrefix(line, "#") && len(fields) != 13 {
			t.Errorf("%d fields in %q", len(fields), line)
		}
		if strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("control characters in %q", line)
		}
	}
}
