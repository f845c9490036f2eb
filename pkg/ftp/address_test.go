package ftp_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/ftp"
)

func TestParsePORT(t *testing.T) {
	for arg, want := range map[string]string{
		"192,168,1,153,192,11":           "192.168.1.153:49163",
		"127,0,0,1,0,20":                 "127.0.0.1:20",
		"255,255,255,255,255,255":        "255.255.255.255:65535",
		"010,000,0,001,4,0":              "10.0.0.1:1024",
		"":                               "",
		"1,2,3,4,5":                      "",
		"1,2,3,4,5,6,7":                  "",
		"1,2,3,4,5,":                     "",
		"1,2,3,4,,6":                     "",
		"256,2,3,4,5,6":                  "",
		"1,2,3,4,256,6":                  "",
		"1,2,3,4,0,0":                    "",
		"-1,2,3,4,5,6":                   "",
		"+1,2,3,4,5,6":                   "",
		"1, 2,3,4,5,6":                   "",
		"1,2,3,4,5,6 ":                   "",
		"1.2.3.4,5,6":                    "",
		"99999999999999999999,2,3,4,5,6": "",
	} {
		checkAddress(t, "ParsePORT", arg, want, nil, ftp.ParsePORT)
	}
}

func TestParseEPRT(t *testing.T) {
	for _, tt := range []struct {
		arg, want string
		err       error
	}{
		{arg: "|1|132.235.1.2|6275|", want: "132.235.1.2:6275"},
		{arg: "|2|1080::8:800:200C:417A|5282|", want: "[1080::8:800:200c:417a]:5282"},
		{arg: "|2|::1|65535|", want: "[::1]:65535"},
		{arg: "!1!10.0.0.1!20!", want: "10.0.0.1:20"},
		{arg: "|2|::ffff:10.0.0.1|20|", want: "[::ffff:10.0.0.1]:20"},
		{arg: "|3|x|20|", err: ftp.ErrFamily},
		{arg: "|0|10.0.0.1|20|", err: ftp.ErrFamily},
		{arg: "", err: ftp.ErrSyntax},
		{arg: "|", err: ftp.ErrSyntax},
		{arg: "||||", err: ftp.ErrSyntax},
		{arg: "|1|10.0.0.1|20", err: ftp.ErrSyntax},
		{arg: "|1|10.0.0.1|20|x", err: ftp.ErrSyntax},
		{arg: "|1|10.0.0.1|20||", err: ftp.ErrSyntax},
		{arg: "x|1|10.0.0.1|20|", err: ftp.ErrSyntax},
		{arg: "|1|::1|20|", err: ftp.ErrSyntax},
		{arg: "|2|10.0.0.1|20|", err: ftp.ErrSyntax},
		{arg: "|2|fe80::1%eth0|20|", err: ftp.ErrSyntax},
		{arg: "|1|10.0.0.1|0|", err: ftp.ErrSyntax},
		{arg: "|1|10.0.0.1|65536|", err: ftp.ErrSyntax},
		{arg: "|1|010.0.0.1|20|", err: ftp.ErrSyntax},
		{arg: "|1|localhost|20|", err: ftp.ErrSyntax},
		{arg: "1110.0.0.112011", err: ftp.ErrSyntax},
		{arg: "\xe91\xe910.0.0.1\xe920\xe9", err: ftp.ErrSyntax},
	} {
		checkAddress(t, "ParseEPRT", tt.arg, tt.want, tt.err, ftp.ParseEPRT)
	}
}

// checkAddress compares what parse makes of arg; no address and no error
// wanted means ErrSyntax.
func checkAddress(t *testing.T, name, arg, want string, wantErr error, parse func(string) (netip.AddrPort, error)) {
	t.Helper()
	got, err := parse(arg)
	text := ""
	if got.IsValid() {
		text = got.String()
	}
	if want == "" && wantErr == nil {
		wantErr = ftp.ErrSyntax
	}
	if text != want || !errors.Is(err, wantErr) {
		t.Errorf("%s(%q) = %q, %v; want %q, %v", name, arg, text, err, want, wantErr)
	}
}

func TestFormatAddresses(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.168.1.153"), netip.MustParseAddr("2001:db8::1")
	for _, tt := range []struct{ got, want string }{
		{ftp.FormatPASV(v4, 49163), "(192,168,1,153,192,11)"},
		{ftp.FormatPASV(netip.AddrFrom16(v4.As16()), 20), "(192,168,1,153,0,20)"},
		{ftp.FormatPASV(netip.AddrFrom4([4]byte{255, 255, 255, 255}), 65535), "(255,255,255,255,255,255)"},
		{ftp.FormatPASV(v6, 20), ""},
		{ftp.FormatEPSV(60045), "(|||60045|)"},
		{ftp.FormatPORT(netip.AddrPortFrom(v4, 49163)), "192,168,1,153,192,11"},
		{ftp.FormatEPRT(netip.AddrPortFrom(v4, 20)), "|1|192.168.1.153|20|"},
		{ftp.FormatEPRT(netip.AddrPortFrom(v6, 20)), "|2|2001:db8::1|20|"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

// What parses prints back to the same address, and that text to itself.
func FuzzParsePORT(f *testing.F) {
	for _, arg := range []string{"192,168,1,153,192,11", "010,0,0,1,4,0", "1,2,3,4,5", "1,2,3,4,0,0"} {
		f.Add(arg)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		to, err := ftp.ParsePORT(arg)
		if err != nil {
			return
		}
		printsBack(t, to, ftp.FormatPORT, ftp.ParsePORT)
	})
}

func FuzzParseEPRT(f *testing.F) {
	for _, arg := range []string{"|1|132.235.1.2|6275|", "|2|1080::8:800:200C:417A|5282|", "!2!::!1!", "|3|x|20|"} {
		f.Add(arg)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		to, err := ftp.ParseEPRT(arg)
		if err != nil {
			return
		}
		printsBack(t, to, ftp.FormatEPRT, ftp.ParseEPRT)
	})
}

func printsBack(t *testing.T, to netip.AddrPort, format func(netip.AddrPort) string, parse func(string) (netip.AddrPort, error)) {
	t.Helper()
	if !to.IsValid() || to.Port() == 0 || to.Addr().Zone() != "" {
		t.Fatalf("parsed to %v, which nobody can connect to", to)
	}
	text := format(to)
	again, err := parse(text)
	if again != to || err != nil {
		t.Fatalf("%v prints as %q, which parses as %v, %v", to, text, again, err)
	}
}

func TestTimes(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*60*60)
	if got := ftp.FormatTime(time.Date(2024, 7, 19, 1, 46, 5, 999, berlin)); got != "20240718234605" {
		t.Errorf("got %q", got)
	}
	for text, want := range map[string]time.Time{
		"20240718234605":       time.Date(2024, 7, 18, 23, 46, 5, 0, time.UTC),
		"20240718234605.5":     time.Date(2024, 7, 18, 23, 46, 5, 5e8, time.UTC),
		"20240718234605.123":   time.Date(2024, 7, 18, 23, 46, 5, 123e6, time.UTC),
		"20240229000000":       time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"20161231235960":       time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC),
		"":                     {},
		"20230229000000":       {},
		"2024071823460":        {},
		"20240718234605.":      {},
		"202407182346055":      {},
		"20240718234605.x":     {},
		"20240718234605,5":     {},
		"20241318234605":       {},
		"20240718244605":       {},
		"20240718236005":       {},
		"20240718234661":       {},
		" 20240718234605":      {},
		"+2024071823460":       {},
		"20240718234605 file":  {},
		"2024-07-18T23:46:05Z": {},
		"20240718234605.1.1":   {},
	} {
		got, err := ftp.ParseTime(text)
		if !got.Equal(want) || (err == nil) == want.IsZero() || err != nil && !errors.Is(err, ftp.ErrSyntax) {
			t.Errorf("ParseTime(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	f.Add("20240718234605")
	f.Add("20161231235960.999999999")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ftp.ParseTime(text)
		if err != nil {
			return
		}
		again, err := ftp.ParseTime(ftp.FormatTime(at))
		if err != nil && at.Year() < 10000 || err == nil && !again.Equal(at.Truncate(time.Second)) {
			t.Errorf("%q is %v, which prints as %q and parses as %v, %v", text, at, ftp.FormatTime(at), again, err)
		}
	})
}
