package ftptest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// dataEnd is the client's end of a data connection.
type dataEnd struct {
	// to is where a passive connection goes; late says to wait for the data,
	// early to have TLS before the command.
	to    netip.AddrPort
	late  bool
	early bool
	conn  net.Conn
	// listener and accepted are for active connections.
	listener net.Listener
	accepted chan accepted
}

type accepted struct {
	conn net.Conn
	err  error
}

// newListening returns the end of an active connection that l will accept.
func newListening(l net.Listener) *dataEnd {
	d := &dataEnd{listener: l, accepted: make(chan accepted, 1)}
	go func() {
		conn, err := l.Accept()
		d.accepted <- accepted{conn, err}
	}()
	return d
}

// connect makes sure that the connection is there.
func (d *dataEnd) connect(ctx context.Context, target Target) error {
	switch {
	case d.conn != nil:
		return nil
	case d.listener != nil:
		return d.accept(ctx)
	}
	conn, err := target.DialData(ctx, d.to)
	if err != nil {
		return fmt.Errorf("data connection: %w", err)
	}
	d.conn = conn
	return nil
}

// accept waits for the server to connect; once is enough.
func (d *dataEnd) accept(ctx context.Context) error {
	select {
	case a := <-d.accepted:
		_ = d.listener.Close() // it has served
		d.listener, d.conn = nil, a.conn
		return a.err
	case <-ctx.Done():
		return errors.New("the server did not open the data connection")
	}
}

// close closes everything and waits for the accepting goroutine. Nothing that
// is closed here is expected to work any more.
func (d *dataEnd) close() {
	if d.conn != nil {
		_ = d.conn.Close()
	}
	if d.listener == nil {
		return
	}
	_ = d.listener.Close()
	if a := <-d.accepted; a.conn != nil {
		_ = a.conn.Close()
	}
}

// transfer plays a step that uses the data connection.
func (p *player) transfer(ctx context.Context, s step) error {
	if p.data == nil {
		return errors.New("no PASV, EPSV, PORT or EPRT announced a data connection")
	}
	d := p.data
	if s.do == drop {
		d.close()
		p.data = nil
		return nil
	}
	if err := d.connect(ctx, p.target); err != nil {
		return err
	}
	if s.do == refused {
		return p.expectRefused(ctx)
	}
	var err error
	if d.conn, err = p.protectData(ctx, d.conn); err != nil {
		return fmt.Errorf("TLS on the data connection: %w", err)
	}
	if err := d.conn.SetDeadline(time.Now().Add(stepTimeout)); err != nil {
		return err
	}
	if s.do == sendMore {
		_, err := io.WriteString(d.conn, s.text)
		return err
	}
	defer func() {
		d.close()
		p.data = nil
	}()
	if s.do == send {
		_, err := io.WriteString(d.conn, s.text)
		return err
	}
	got, err := io.ReadAll(d.conn)
	if err != nil {
		return fmt.Errorf("want data %q, got %q and %w", s.text, got, err)
	}
	return compare(s.do, s.text, string(got))
}

// compare reports the first difference between what was wanted and what came.
func compare(how verb, want, got string) error {
	if want == got {
		return nil
	}
	if how == receive {
		return fmt.Errorf("data differs\nwant %q\n got %q", want, got)
	}
	wantLines, gotLines := strings.SplitAfter(want, "\r\n"), strings.SplitAfter(got, "\r\n")
	for i := range max(len(wantLines), len(gotLines)) {
		w, g := lineAt(wantLines, i), lineAt(gotLines, i)
		if !matches(w, g) {
			return fmt.Errorf("data differs in line %d\nwant %q\n got %q", i+1, w, g)
		}
	}
	return nil
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
