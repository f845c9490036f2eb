package ftptest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ftphost/ftphost/pkg/ftp"
)

// Play plays the dialogue on a new control connection. The error names the
// line of the archive, what was expected and what came.
func (s *Session) Play(ctx context.Context, target Target) error {
	conn, err := target.Dial(ctx)
	if err != nil {
		return fmt.Errorf("%s: %s: control connection: %w", s.archive, s.Name, err)
	}
	p := &player{target: target, conn: conn, in: bufio.NewReader(conn), secure: security{certificates: s.certificates}}
	defer p.end()
	for _, step := range s.steps {
		if err := p.play(ctx, step); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", s.archive, step.line, s.Name, err)
		}
	}
	if n := p.in.Buffered(); n > 0 {
		rest, err := p.in.Peek(n)
		return errors.Join(fmt.Errorf("%s: %s: unexpected at the end: %q", s.archive, s.Name, rest), err)
	}
	return nil
}

// player is a client that follows a dialogue.
type player struct {
	target Target
	conn   net.Conn
	in     *bufio.Reader
	secure security
	// data is the announced data connection, nil when there is none.
	data *dataEnd
}

func (p *player) end() {
	if p.data != nil {
		p.data.close()
	}
	_ = p.conn.Close() // the dialogue is over
}

func (p *player) play(ctx context.Context, s step) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	switch s.do {
	case say:
		if err := p.connectEarly(ctx, s.text); err != nil {
			return err
		}
		return p.write(s.text + "\r\n")
	case sayRaw:
		return p.write(s.text)
	case expect:
		return p.expect(s.text)
	case closed:
		return p.expectClosed()
	case passTime:
		time.Sleep(s.wait)
		return nil
	case pasv, epsv, port, eprt:
		return p.announce(ctx, s)
	case receive, receiveAny, send, sendMore, drop, refused:
		return p.transfer(ctx, s)
	case beginTLS, endTLS, protect, unprotect:
		return p.secureStep(ctx, s)
	default:
		return fmt.Errorf("unknown step %q", s.do)
	}
}

func (p *player) write(text string) error {
	if err := p.conn.SetWriteDeadline(time.Now().Add(stepTimeout)); err != nil {
		return err
	}
	_, err := io.WriteString(p.stream(), text)
	if errors.Is(err, syscall.EPIPE) {
		// The server has closed the connection already. What it said before that,
		// or that it said nothing, is for the next step.
		return nil
	}
	return err
}

// readLine reads a line that must end with CR LF.
func (p *player) readLine() (string, error) {
	if err := p.conn.SetReadDeadline(time.Now().Add(stepTimeout)); err != nil {
		return "", err
	}
	line, err := p.in.ReadString('\n')
	if err != nil {
		return line, err
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		return line, errors.New("line does not end with CR LF")
	}
	return text, nil
}

func (p *player) expect(pattern string) error {
	got, err := p.readLine()
	if err != nil {
		return fmt.Errorf("want %q, got %q and %w", pattern, got, err)
	}
	if !matches(pattern, got) {
		return fmt.Errorf("\nwant %q\n got %q", pattern, got)
	}
	return nil
}

func (p *player) expectClosed() error {
	got, err := p.readLine()
	switch {
	case errors.Is(err, io.EOF) && got == "", errors.Is(err, syscall.ECONNRESET):
		return nil
	case err == nil:
		return fmt.Errorf("want the connection closed, got %q", got)
	default:
		return fmt.Errorf("want the connection closed, got %q and %w", got, err)
	}
}

// announce sends PASV, EPSV, PORT or EPRT and checks the reply.
func (p *player) announce(ctx context.Context, s step) error {
	if p.data != nil {
		p.data.close()
		p.data = nil
	}
	switch s.do {
	case port, eprt:
		return p.listen(ctx, s.do)
	default:
		return p.passive(s)
	}
}

// passive sends PASV or EPSV.
func (p *player) passive(s step) error {
	if err := p.write(string(s.do) + "\r\n"); err != nil {
		return err
	}
	got, err := p.readLine()
	if err != nil {
		return fmt.Errorf("%s: got %q and %w", s.do, got, err)
	}
	server := addrPort(p.conn.RemoteAddr())
	port, text := passivePort(got)
	named := s.addr
	if !named.IsValid() {
		named = server.Addr()
	}
	want := "227 Entering Passive Mode " + ftp.FormatPASV(named, port) + "."
	if s.do == epsv {
		want = "229 Entering Extended Passive Mode " + ftp.FormatEPSV(port)
	}
	if got != want {
		return fmt.Errorf("\nwant %q with any port\n got %q", strings.Replace(want, text, "*", 1), got)
	}
	p.data = &dataEnd{to: netip.AddrPortFrom(server.Addr(), port), late: s.late, early: s.early}
	return nil
}

// passivePort finds the port in a reply to PASV or EPSV, and how it is written
// there; 0 when there is none.
func passivePort(reply string) (port uint16, text string) {
	_, inside, _ := strings.Cut(reply, "(")
	inside, _, _ = strings.Cut(inside, ")")
	if to, err := ftp.ParsePORT(inside); err == nil {
		fields := strings.Split(inside, ",")
		return to.Port(), strings.Join(fields[4:], ",")
	}
	if digits, ok := strings.CutPrefix(inside, "|||"); ok {
		digits = strings.TrimSuffix(digits, "|")
		if to, err := ftp.ParseEPRT("|1|0.0.0.0|" + digits + "|"); err == nil {
			return to.Port(), digits
		}
	}
	return 0, "0"
}

// listen sends PORT or EPRT.
func (p *player) listen(ctx context.Context, how verb) error {
	l, err := p.target.ListenData(ctx, addrPort(p.conn.LocalAddr()).Addr())
	if err != nil {
		return fmt.Errorf("data listener: %w", err)
	}
	p.data = newListening(l)
	argument := ftp.FormatPORT(addrPort(l.Addr()))
	if how == eprt {
		argument = ftp.FormatEPRT(addrPort(l.Addr()))
	}
	if err := p.write(string(how) + " " + argument + "\r\n"); err != nil {
		return err
	}
	if err := p.expect("200 " + string(how) + " command successful."); err != nil {
		return err
	}
	p.settle()
	return nil
}

// connectEarly opens the passive data connection when line is a command that
// will use it.
func (p *player) connectEarly(ctx context.Context, line string) error {
	word, _, _ := strings.Cut(line, " ")
	transfers := slices.Contains([]string{"RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"}, strings.ToUpper(word))
	if !transfers || p.data == nil || p.data.listener != nil || p.data.late {
		return nil
	}
	if err := p.data.connect(ctx, p.target); err != nil {
		return err
	}
	if p.data.early {
		var err error
		if p.data.conn, err = p.protectData(ctx, p.data.conn); err != nil {
			return fmt.Errorf("TLS on the data connection before the command: %w", err)
		}
	}
	p.settle()
	return nil
}

func (p *player) settle() {
	if p.target.Settle != nil {
		p.target.Settle()
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
