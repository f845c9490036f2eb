package ftpserver_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// fuzzStates are what a client says before the arbitrary bytes come.
func fuzzStates() []string {
	const login = "USER ann\r\nPASS secret\r\n"
	return []string{
		"",
		"USER ann\r\n",
		login,
		login + "EPSV\r\n",
		login + "EPSV\r\nREST 3\r\nRNFR a.txt\r\n",
		login + "PORT 127,0,0,1,250,250\r\n",
		login + "EPSV\r\nSTOR upload\r\n", // waits for the data connection
		"USER anonymous\r\nPASS x@\r\nCWD sub\r\nTYPE I\r\nEPSV ALL\r\n",
	}
}

// FuzzSession throws arbitrary bytes at a session in each of its states. The
// server must survive, answer in lines that are replies, and give back
// everything when the client is gone.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"LIST\r\n", "STOR x\r\nABOR\r\nQUIT\r\n", "RETR a.txt\r\nRETR a.txt\r\n", "STAT /\r\nSTAT *\r\n",
		"USER x|y\r\nPASS\r\nHOST a\r\n", "EPRT |1|127.0.0.1|65535|\r\nLIST\r\n", "PORT 127,0,0,1,0,1\r\nNLST -al sub\\*\r\n",
		"\xff\xf4\xff\xf2ABOR\r\n\x00\r\nNOOP\n\r\n", "MKD a\rb\x1b[0m\r\nRMD a\rb\x1b[0m\r\nMKD " + strings.Repeat("x", 300) + "\r\n",
		"AUTH TLS\r\n\x16\x03\x01", "RNTO ../../..\r\nSIZE \\\\..\\..\\etc\r\nMDTM 20240230000000 a\r\n", "SITE DIRSTYLE\r\nLIST\r\nREIN\r\n",
		"MLSD\r\nMLST a.txt\r\nOPTS MLST type;perm;create;UNIX.mode;\r\nMLST sub\r\nMFMT 20240102030405 a.txt\r\nMFCT 1 a.txt\r\n",
		"HASH a.txt\r\nOPTS HASH MD5\r\nRANG 1 3\r\nHASH a.txt\r\nXCRC \"a.txt\" 1 3\r\nXMD5 a.txt 1\r\nRANG 2 2\r\nRETR a.txt\r\n",
		"COMB a.txt sub/b.txt \"c\"\r\nAVBL sub\r\nCLNT x\r\nSITE CHMOD 644 a.txt\r\nSITE UTIME a.txt 1 2 3 UTC\r\n", "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
		"APPE b\r\nSTOU\r\nALLO 9999999999999999999\r\nREST 9223372036854775807\r\n" + strings.Repeat("A", 5000),
	} {
		for state := range fuzzStates() {
			f.Add(uint8(state), []byte(seed)) //nolint:gosec // a handful
		}
	}
	files, err := os.ReadFile("testdata/files.txtar")
	if err != nil {
		f.Fatal(err)
	}
	// The feature set Extended has all commands of the other.
	a, err := ftptest.Parse("files", bytes.Replace(files, []byte(`"Iis"`), []byte(`"Extended" siteChmod="Apply"`), 1))
	if err != nil {
		f.Fatal(err)
	}
	states := fuzzStates()
	f.Fuzz(func(t *testing.T, state uint8, input []byte) {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, a, nil)
			conn, err := r.target.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			read := make(chan string)
			go func() { read <- repliesOf(conn) }()
			if _, err := io.WriteString(conn, states[int(state)%len(states)]); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(time.Second)
			// The server may end the session amid the input (QUIT).
			if _, err := conn.Write(input); err != nil && !errors.Is(err, syscall.EPIPE) {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			_ = conn.Close()
			if wrong := <-read; wrong != "" {
				t.Errorf("not a reply: %q", wrong)
			}
			// A transfer goes on after QUIT, as long as a data channel may idle.
			time.Sleep(30 * time.Second)
			r.stop(t)
		})
	})
}

// repliesOf reads a control connection to its end and returns the first line
// that cannot be there.
func repliesOf(conn net.Conn) (wrong string) {
	first := regexp.MustCompile(`^[1-5][0-9][0-9][ -][^\r\n\x00-\x08\x0b-\x1f]*\r\n$`)
	in := bufio.NewReader(conn)
	open := "" // the code of a reply of several lines
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			return wrong
		case wrong != "":
		case open != "":
			if strings.HasPrefix(line, open+" ") {
				open = ""
			}
			if !strings.HasSuffix(line, "\r\n") {
				wrong = line
			}
		case !first.MatchString(line):
			wrong = line
		case line[3] == '-':
			open = line[:3]
		}
	}
}
