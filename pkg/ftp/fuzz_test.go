package ftp_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/ftp"
)

// FuzzCuts reads lines that come in pieces of any size, with deadlines that
// pass in between. What is read is what a simple reader of the whole makes.
func FuzzCuts(f *testing.F) {
	f.Add([]byte("USER a\r\nPASS b\nQUIT\r\n"), []byte{1, 0, 200, 2}, uint8(20))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaa\nbbb\r\r\nb\r\n\r\nrest"), []byte{7, 255, 1}, uint8(5))
	f.Add(append(bytes.Repeat([]byte("x"), 9000), "\r\nNOOP\r\n"...), []byte{250, 250, 129}, uint8(3))
	f.Add([]byte("\xff\xf4\xff\xf2ABOR\r\n\xff\xfa\r\n\xff\xf0\r\n"), []byte{3}, uint8(200))
	f.Fuzz(func(t *testing.T, in, cuts []byte, limit uint8) {
		cuts = cuts[:min(len(cuts), 24)] // four times over, these are fewer empty reads than are given up
		r := ftp.NewReader(&cutter{rest: in, cuts: cuts})
		r.SetLimit(int(limit))
		var got []said
		for range len(in) + 4*len(cuts) + 2 {
			line, err := r.ReadLine()
			switch {
			case errors.Is(err, os.ErrDeadlineExceeded):
				continue
			case len(line) > 0 && err != nil:
				t.Fatalf("line %q with error %v", line, err)
			}
			got = append(got, said{string(line), err})
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
		}
		want := simply(in, int(limit))
		if !slices.EqualFunc(got, want, func(a, b said) bool {
			// Telnet sequences are another test's.
			return errors.Is(a.err, b.err) && (a.line == b.line || hasTelnet(b.line))
		}) {
			t.Errorf("%q, limit %d, became\n%v, want\n%v", in, limit, got, want)
		}
	})
}

// hasTelnet reports whether part of a line may be a Telnet sequence.
func hasTelnet(line string) bool {
	for i := range len(line) {
		if line[i] >= 240 {
			return true
		}
	}
	return false
}

// cutter returns pieces of the sizes in cuts, over and over. Sizes over 250
// are a deadline that passes, and 0 is nothing at all.
type cutter struct {
	rest, cuts []byte
	at         int
}

func (c *cutter) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	size := len(c.rest)
	if c.at < 4*len(c.cuts) { // not for ever: there may be nothing but deadlines
		size = int(c.cuts[c.at%len(c.cuts)])
		c.at++
		if size > 250 {
			return 0, os.ErrDeadlineExceeded
		}
	}
	n := copy(b, c.rest[:min(size, len(c.rest))])
	c.rest = c.rest[n:]
	return n, nil
}

// simply reads lines the simple way.
func simply(in []byte, limit int) (lines []said) {
	for len(in) > 0 {
		line, rest, ended := bytes.Cut(in, []byte("\n"))
		text, crlf := bytes.CutSuffix(line, []byte("\r"))
		switch {
		case ended && len(text) > limit:
			if _, rest, ended = bytes.Cut(in, []byte("\r\n")); ended {
				lines = append(lines, said{err: ftp.ErrLineTooLong})
			}
		case ended && !crlf:
			lines = append(lines, said{err: ftp.ErrBareLF})
		case ended:
			lines = append(lines, said{line: string(text)})
		}
		if !ended {
			return append(lines, said{err: io.ErrUnexpectedEOF})
		}
		in = rest
	}
	return append(lines, said{err: io.EOF})
}

// FuzzPORT holds the parser of PORT against a regular expression.
func FuzzPORT(f *testing.F) {
	f.Add("192,168,1,153,192,11")
	f.Add("010,0,0,1,4,0")
	f.Add("1,2,3,4,256,1")
	form := regexp.MustCompile(`^(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)$`)
	f.Fuzz(func(t *testing.T, arg string) {
		to, err := ftp.ParsePORT(arg)
		valid, text := true, ""
		fields := form.FindStringSubmatch(arg)
		for i := 1; i < len(fields); i++ {
			n, err := strconv.ParseUint(fields[i], 10, 8)
			valid = valid && err == nil
			text += "," + strconv.FormatUint(n, 10)
		}
		valid = valid && fields != nil && !strings.HasSuffix(text, ",0,0")
		if valid != (err == nil) || err != nil && !errors.Is(err, ftp.ErrSyntax) {
			t.Fatalf("%q: %v, %v", arg, to, err)
		}
		if valid && ","+ftp.FormatPORT(to) != text {
			t.Errorf("%q became %v", arg, to)
		}
	})
}

// FuzzPassive: a client finds the address and port in what PASV and EPSV
// answer.
func FuzzPassive(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1}, uint16(49163))
	f.Add(netip.MustParseAddr("::ffff:10.0.0.1").AsSlice(), uint16(0))
	f.Add(netip.IPv6Loopback().AsSlice(), uint16(65535))
	pasv := regexp.MustCompile(`^\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)$`)
	epsv := regexp.MustCompile(`^\(\|\|\|(\d+)\|\)$`)
	f.Fuzz(func(t *testing.T, bytes []byte, port uint16) {
		addr, ok := netip.AddrFromSlice(bytes)
		if !ok {
			return
		}
		if got := epsv.FindStringSubmatch(ftp.FormatEPSV(port)); got == nil || got[1] != strconv.Itoa(int(port)) {
			t.Errorf("port %d is told as %q", port, ftp.FormatEPSV(port))
		}
		got := pasv.FindStringSubmatch(ftp.FormatPASV(addr, port))
		if addr.Unmap().Is4() != (got != nil) {
			t.Fatalf("%v is told as %q", addr, ftp.FormatPASV(addr, port))
		}
		if got == nil {
			return
		}
		n := make([]int, 7)
		for i := range n[1:] {
			n[i+1], _ = strconv.Atoi(got[i+1])
		}
		if told := strings.Join(got[1:5], "."); told != addr.Unmap().String() || n[5]<<8|n[6] != int(port) || n[6] > 255 {
			t.Errorf("%v port %d is told as %q", addr, port, got[0])
		}
	})
}

// FuzzEPRT: an argument is accepted when it names an address that can be
// connected to, and means what it says whatever stands for the bar.
func FuzzEPRT(f *testing.F) {
	f.Add("1", "10.0.0.1", "20", uint8('|'))
	f.Add("2", "::1", "65535", uint8('!'))
	f.Add("2", "fe80::1%lo", "1", uint8('|'))
	f.Add("3", "x", "1", uint8(' '))
	f.Fuzz(func(t *testing.T, family, address, port string, bar uint8) {
		b := string(rune(bar))
		if strings.Contains(family+address+port, b) {
			return // other fields
		}
		to, err := ftp.ParseEPRT(b + family + b + address + b + port + b)
		addr, wrong := netip.ParseAddr(address)
		n, over := strconv.ParseUint(port, 10, 16)
		v4, v6 := strings.Trim(family, "0") == "" || strings.TrimLeft(family, "0") == "1", strings.TrimLeft(family, "0") == "2"
		good := bar > ' ' && bar < 0x7f && wrong == nil && addr.Zone() == "" && over == nil && n != 0 && (v4 && addr.Is4() || v6 && addr.Is6())
		good = good && strings.Trim(family, "0") != ""
		switch {
		case good != (err == nil), err != nil && !errors.Is(err, ftp.ErrSyntax) && !errors.Is(err, ftp.ErrFamily):
			t.Errorf("family %q, address %q, port %q between %q: %v, %v", family, address, port, b, to, err)
		case good && to != netip.AddrPortFrom(addr, uint16(n)):
			t.Errorf("%q port %q became %v", address, port, to)
		}
	})
}
