package ftpserver_test

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ftphost/ftphost/pkg/ftptest"
)

// fuzzState is what a session has been through before arbitrary bytes come.
type fuzzState struct {
	// sites is which archive's.
	sites fuzzSites
	// said is what the client has said, each line answered before the next.
	said string
	// data is what the client does with its data connection, which the last
	// line but transfer has announced; transfer is the command that uses it.
	data     fuzzData
	transfer string
}

type fuzzSites int

const (
	extendedSites fuzzSites = iota
	iisSites
	hostSites
)

type fuzzData int

const (
	noData     fuzzData = iota
	dialsData           // the client is connected to the passive port
	listensFor          // the client listens where PORT says
	heldData            // connected, and the transfer stands still
)

// fuzzPort is where the client listens, as PORT writes it and as a number.
const (
	fuzzPort       = "127,0,0,1,250,250"
	fuzzPortNumber = 250<<8 | 250
)

// fuzzStates are all states, those of a logged-in session with both feature
// sets.
func fuzzStates() []fuzzState {
	const login = "USER ann\r\nPASS secret\r\n"
	both := []fuzzState{
		{},
		{said: "USER ann\r\n"},
		{said: login},
		{said: "USER anonymous\r\nPASS x@\r\nCWD sub\r\n"},
		{said: login + "EPSV\r\n"},
		{said: login + "PASV\r\n", data: dialsData},
		{said: login + "PORT " + fuzzPort + "\r\n", data: listensFor},
		{said: login + "PORT " + fuzzPort + "\r\n"},
		{said: login + "RNFR a.txt\r\n"},
		{said: login + "REST 3\r\nEPSV\r\n", data: dialsData},
		{said: login + "RANG 1 3\r\nEPSV\r\n", data: dialsData},
		{said: login + "TYPE I\r\nTYPE A\r\nTYPE I\r\n"},
		{said: login + "EPSV ALL\r\n"},
		{said: login + "OPTS UTF8 OFF\r\nSITE DIRSTYLE\r\n"},
		{said: login + "TYPE I\r\nEPSV\r\n", data: heldData, transfer: "RETR big.bin\r\n"},
		{said: login + "EPSV\r\n", data: heldData, transfer: "STOR upload\r\n"},
		{said: login + "EPSV\r\n", transfer: "STOR upload\r\n"},
		{said: login + "EPSV\r\n", transfer: "MLSD\r\n"},
	}
	var states []fuzzState
	for _, s := range both {
		states = append(states, s)
		s.sites = iisSites
		states = append(states, s)
	}
	return append(states,
		fuzzState{sites: hostSites},
		fuzzState{sites: hostSites, said: "HOST nobody.example.com\r\n"},
		fuzzState{sites: hostSites, said: "HOST shop.example.com\r\nUSER bob\r\n"},
		fuzzState{sites: hostSites, said: "USER main.example.com|ann\r\nPASS secret\r\n"})
}

// fuzzArchives are the sites of the states.
func fuzzArchives(f *testing.F) map[fuzzSites]*ftptest.Archive {
	f.Helper()
	archives := map[fuzzSites]*ftptest.Archive{hostSites: ftptest.Load(f, "testdata/hosts-only.txtar")}
	files, err := os.ReadFile("testdata/files.txtar")
	if err != nil {
		f.Fatal(err)
	}
	const plain, all = `<messages allowLocalDetailedErrors="false" />`, `<messages allowLocalDetailedErrors="true" expandVariables="true"
		bannerMessage="b" greetingMessage="%UserName% at %SiteName%" exitMessage="%BytesSent%" /><directoryBrowse showFlags="LongDate, DisplayAvailableBytes" />`
	for sites, text := range map[fuzzSites]string{
		extendedSites: strings.NewReplacer(`"Iis"`, `"Extended" siteChmod="Apply"`).Replace(string(files)),
		iisSites:      strings.NewReplacer(`"Iis"`, `"Iis" replies="Iis75"`, plain, all).Replace(string(files)),
	} {
		a, err := ftptest.Parse("files", []byte(text))
		if err != nil {
			f.Fatal(err)
		}
		archives[sites] = a
	}
	return archives
}

// FuzzSession throws arbitrary bytes, cut anywhere, at a session in each of
// its states. See fuzzClient for what must hold.
func FuzzSession(f *testing.F) {
	for i, seed := range []string{
		"LIST\r\n", "STOR x\r\nABOR\r\nQUIT\r\n", "RETR a.txt\r\nRETR a.txt\r\n", "STAT /\r\nSTAT *\r\n",
		"USER x|y\r\nPASS\r\nHOST a\r\n", "EPRT |1|127.0.0.1|65535|\r\nLIST\r\n", "PORT 127,0,0,1,0,1\r\nNLST -al sub\\*\r\n",
		"\xff\xf4\xff\xf2ABOR\r\n\x00\r\nNOOP\n\r\n", "MKD a\rb\x1b[0m\r\nRMD a\rb\x1b[0m\r\nMKD " + strings.Repeat("x", 300) + "\r\n",
		"AUTH TLS\r\n\x16\x03\x01", "RNTO ../../..\r\nSIZE \\\\..\\..\\etc\r\nMDTM 20240230000000 a\r\n", "SITE DIRSTYLE\r\nLIST\r\nREIN\r\n",
		"STAT\r\nABOR\r\nNOOP\r\nSTAT\r\n", "COMB sub/b.txt a.txt\r\nOPTS HASH MD5\r\nMDTM 20240102030405 sub/b.txt\r\nEPSV 2\r\nEPSV ALL\r\nPASV\r\n",
		"MLSD\r\nMLST a.txt\r\nOPTS MLST type;perm;create;UNIX.mode;\r\nMLST sub\r\nMFMT 20240102030405 a.txt\r\nMFCT 1 a.txt\r\n",
		"HASH a.txt\r\nOPTS HASH MD5\r\nRANG 1 3\r\nHASH a.txt\r\nXCRC \"a.txt\" 1 3\r\nXMD5 a.txt 1\r\nRANG 2 2\r\nRETR a.txt\r\n",
		"COMB a.txt sub/b.txt \"c\"\r\nAVBL sub\r\nCLNT x\r\nSITE CHMOD 644 a.txt\r\nSITE UTIME a.txt 1 2 3 UTC\r\n", "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
		"APPE b\r\nSTOU\r\nALLO 9999999999999999999\r\nREST 9223372036854775807\r\n" + strings.Repeat("A", 5000),
	} {
		for state := range fuzzStates() {
			if (state+i)%3 == 0 { // every state with some, and all in some states
				f.Add(uint8(state), uint8(len(seed)), uint32(state), []byte(seed)) //nolint:gosec // any numbers do
			}
		}
	}
	archives, states := fuzzArchives(f), fuzzStates()
	f.Fuzz(func(t *testing.T, state, manner uint8, cuts uint32, input []byte) {
		s := &states[int(state)%len(states)]
		synctest.Test(t, func(t *testing.T) { fuzzSession(t, archives[s.sites], s, fuzzManner(manner), cuts, input) })
	})
}

// FuzzCommands is FuzzSession with input that is made of commands and
// arguments that mean something, so that less is refused early.
func FuzzCommands(f *testing.F) {
	for state := range fuzzStates() {
		var bare, program []byte
		for i := range fuzzVerbs() {
			bare = append(bare, byte(i), 0)
			program = append(program, byte(i), byte(7*i+state)) //nolint:gosec // any numbers do
		}
		f.Add(uint8(state), uint8(state), uint32(state), program) //nolint:gosec // any numbers do
		f.Add(uint8(state), uint8(state+3), uint32(0), bare)      //nolint:gosec // any numbers do
	}
	archives, states, verbs, arguments := fuzzArchives(f), fuzzStates(), fuzzVerbs(), fuzzArguments()
	f.Fuzz(func(t *testing.T, state, manner uint8, cuts uint32, program []byte) {
		const most = 400
		var input []byte
		for i := 0; i+1 < min(len(program), most); i += 2 {
			input = append(input, verbs[int(program[i])%len(verbs)]...)
			if arg := arguments[int(program[i+1])%len(arguments)]; arg != "" {
				input = append(append(input, ' '), arg...)
			}
			input = append(input, '\r', '\n')
		}
		s := &states[int(state)%len(states)]
		synctest.Test(t, func(t *testing.T) { fuzzSession(t, archives[s.sites], s, fuzzManner(manner), cuts, input) })
	})
}

// fuzzVerbs are those that exist, transfers more often, and some that do not.
// Those after which not much can happen come last.
func fuzzVerbs() []string {
	return strings.Fields(`ACCT CWD XCWD CDUP XCUP SMNT HOST ADAT PBSZ PROT CCC ENC MIC
		RETR STOR APPE STOU LIST NLST MLSD RETR STOR APPE STOU LIST NLST MLSD REST RNFR RNTO DELE RMD XRMD MKD XMKD PWD XPWD
		SIZE MDTM ABOR ABOR PORT EPRT PASV EPSV PASV EPSV TYPE STRU MODE ALLO FEAT HELP SITE STAT SYST NOOP LANG OPTS
		MLST MFMT MFCT RANG HASH XCRC XMD5 XSHA1 XSHA256 XSHA512 AVBL COMB CLNT NONE retr
		USER PASS REIN AUTH GET EHLO QUIT`)
}

func fuzzArguments() []string {
	return []string{
		"", "", "", "a.txt", "sub", "sub/b.txt", "SUB\\B.TXT", "/", "..", "../../..", "/outside/canary", "link", "link/canary", "../outside/canary",
		"big.bin", "new", "new/deeper", "empty", "*", "-la *", "sub/*.t?t", strings.Repeat("x", 300), strings.Repeat("y/", 2500), "a\x00b", "a\rb", "\xff\xff\xfe", "\u00e9\u2028\u0085",
		"0", "1", "2", "3", "1 3", "1 0", "9223372036854775807", "-1", "A", "I", "L 8", "E", "F", "S", "P", "C", "ALL", fuzzPort, "127,0,0,1,0,1", "192,0,2,1,4,1",
		"|1|127.0.0.1|64250|", "|2|::1|5000|", "|3|x|1|", "UTF8 ON", "UTF8 OFF", "MLST size;perm;unique;", "HASH MD5", "HASH",
		"20240102030405 a.txt", "20240102030405.5 sub", "99999999999999 a.txt", "ann", "secret", "bob", "anonymous", "main.example.com", "main.example.com|ann", "TLS",
		"DIRSTYLE", "HELP", "CHMOD 600 a.txt", "CHMOD 0 sub", "UTIME 20240102030405 a.txt", `"a.txt" 1 3`, "a.txt 1 3", "c a.txt sub/b.txt", `"a b" "a.txt"`, "a.txt a.txt", "con", "a:b", "x.", " ",
	}
}
