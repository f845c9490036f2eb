package ftpserver_test

import "testing"

// TestNamesBeyondTheCodePage: what is neither UTF-8 nor in the code page can be
// listed, asked for by what was listed, and told from names that look alike.
func TestNamesBeyondTheCodePage(t *testing.T) {
	playOver(t, "testdata/codepage.txtar", map[string]string{
		"empty/caf\xe9": "byte", "empty/café": "letters", "empty/\xe9\xff": "two", "empty/cut\xe2\x82": "half",
		"empty/{0xE9}": "braces", "empty/ÿ": "y",
	}, "-- session --\nS: 220-*\n"+loginAnn+`C: CWD empty
S: 250 *
PASV
C: NLST
S: 125 *
DATA< "caf\xe9\r\ncaf{0xE9}\r\ncut{0xE2}{0x82}\r\n{U+007B}0xE9}\r\n\xff\r\n{0xE9}{0xFF}\r\n"
S: 226 *
C: SIZE caf`+"\xe9"+`
S: 213 7
C: SIZE caf{0xE9}
S: 213 4
C: SIZE {0xE9}{0xFF}
S: 213 3
C: SIZE cut{0xE2}{0x82}
S: 213 4
C: SIZE {U+007B}0xE9}
S: 213 6
CRAW: "SIZE \xff\xff\r\n"
S: 213 1
C: HASH caf{0xE9}
S: 213 SHA-256 0-3 * caf{0xE9}
CRAW: "MLST \xff\xff\r\n"
S: 250-Listing /empty/`+"\xff\xff"+`
S:  *; /empty/`+"\xff\xff"+`
S: 250 End
C: MKD d`+"\xfc"+`
S: 257 "d`+"\xfc"+`" directory created.
C: CWD d`+"\xfc"+`
S: 250 *
C: PWD
S: 257 "/empty/d`+"\xfc"+`" is current directory.
C: CDUP
S: 250 *
C: RNFR caf{0xE9}
S: 350 *
C: RNTO {U+0436}
S: 250 *
C: OPTS UTF8 ON
S: 200 *
C: SIZE ж
S: 213 4
`)
}

// TestByte255 is doubled on the control connection, where it would begin a
// Telnet sequence, and nowhere else.
func TestByte255(t *testing.T) {
	playOver(t, "testdata/facts.txtar", map[string]string{"sub/\xff\xf4": "x"}, "-- session --\n"+loginAnn+`CRAW: "MKD \xff\xff\xff\xff\r\n"
S: 257 "`+"\xff\xff\xff\xff"+`" directory created.
CRAW: "CWD \xff\xff\xff\xff\r\n"
S: 250 *
C: PWD
S: 257 "/`+"\xff\xff\xff\xff"+`" is current directory.
C: CWD /sub
S: 250 *
PASV
C: NLST
S: 125 *
DATA< "b.txt\r\n\xff\xf4\r\n"
S: 226 *
C: STAT
S: 211-*
S: *
S: *
S: *
S: *
S: 211 *
CRAW: "STAT /sub/\xff\xff\xf4\r\n"
S: 213-*
S: * `+"\xff\xff\xf4"+`
S: 213 *
CRAW: "DELE \xff\xff\xf4\r\n"
S: 250 *
`)
}
