package ftp

import (
	"bytes"
	"io"
	"sync"
	"syscall"
)

const (
	// DefaultLineLimit is the longest line in bytes, without its end, until
	// SetLimit says otherwise (maxCommandLine's default).
	DefaultLineLimit = 4096
	// bufferSize is what a Reader borrows; it holds the longest usual line.
	bufferSize = DefaultLineLimit + len("\r\n")
	// maxEmptyReads is how often in a row a broken io.Reader may return nothing.
	maxEmptyReads = 100
)

// buffers are lent to the readers that hold bytes.
//
//nolint:gochecknoglobals // a pool is a part of the allocator; nothing can be seen to change
var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// Reader reads the lines of a control connection. It is used by one goroutine
// at a time.
//
// When the connection is one of the operating system's, the Reader holds no
// buffer while it waits for a client to speak, so that an idle session costs
// next to nothing.
type Reader struct {
	r   io.Reader
	raw syscall.RawConn // nil when r has none or it cannot be used
	// lent is the pooled buffer, nil while there are no bytes or a long line
	// needed a buffer of its own.
	lent *[bufferSize]byte
	// buf[start:end] is read and not yet returned.
	buf        []byte
	start, end int
	// used is how much of the lent buffer was ever written to.
	used  int
	limit int
	// skipping throws away the rest of a line that was too long; afterCR is
	// whether the last byte thrown away was CR.
	skipping, afterCR bool
}

// NewReader returns a reader of the lines that come from r. If r offers
// syscall.Conn, as *net.TCPConn does, it is used for waiting.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: r, raw: rawConn(r), limit: DefaultLineLimit}
}

// SetLimit sets how long lines may be, in bytes without the line end.
func (r *Reader) SetLimit(n int) { r.limit = n }

// Buffered returns how many bytes were read beyond the last line.
func (r *Reader) Buffered() int { return r.end - r.start }

// Discard throws away what was read beyond the last line: what a client sent
// behind AUTH must never be taken for something said after it.
func (r *Reader) Discard() {
	r.start = r.end
	r.skipping = false
}

// Release gives back what the reader holds. It is not used any more.
func (r *Reader) Release() { r.giveBack() }

// ReadLine returns the next line without its CR LF and without Telnet
// sequences. The line is valid until the next call. After ErrBareLF and
// ErrLineTooLong, and after a deadline, reading can go on where it was. A line
// that the connection's end cut off is io.ErrUnexpectedEOF.
func (r *Reader) ReadLine() ([]byte, error) {
	for {
		if line, found, err := r.next(); found {
			return line, err
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// next takes a line from the buffer; found is false when more bytes are needed.
func (r *Reader) next() (line []byte, found bool, err error) {
	if r.skipping {
		if !r.skip() {
			return nil, false, nil
		}
		return nil, true, ErrLineTooLong
	}
	unread := r.buf[r.start:r.end]
	n := bytes.IndexByte(unread, '\n')
	if n < 0 && len(unread) <= r.limit+1 {
		return nil, false, nil
	}
	crlf := n > 0 && unread[n-1] == '\r'
	length := n
	if crlf {
		length--
	}
	if n < 0 || length > r.limit {
		r.skipping, r.afterCR = true, false
		return r.next()
	}
	r.start += n + 1
	if !crlf {
		return nil, true, ErrBareLF
	}
	return stripTelnet(unread[:length]), true, nil
}

// skip throws away bytes up to CR LF and reports whether it found that.
func (r *Reader) skip() bool {
	for r.start < r.end {
		c := r.buf[r.start]
		r.start++
		if c == '\n' && r.afterCR {
			r.skipping = false
			return true
		}
		r.afterCR = c == '\r'
	}
	return false
}

// fill reads more bytes behind those that are there.
func (r *Reader) fill() error {
	if r.start == r.end {
		r.giveBack()
		return r.endOf(r.read())
	}
	if r.start > 0 {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	if r.end == len(r.buf) {
		r.grow()
	}
	return r.endOf(r.read())
}

// endOf tells a line that was cut off from a proper end.
func (r *Reader) endOf(err error) error {
	if err == io.EOF && (r.end > r.start || r.skipping) { //nolint:errorlint // an io.Reader returns io.EOF itself
		return io.ErrUnexpectedEOF
	}
	return err
}

// read appends what comes next to the buffer, borrowing one if there is none.
func (r *Reader) read() error {
	for range maxEmptyReads {
		var n int
		var err error
		if r.raw != nil {
			n, err = r.readRaw()
		} else {
			r.borrow()
			n, err = r.r.Read(r.buf[r.end:])
		}
		r.end += n
		r.used = max(r.used, r.end)
		switch {
		case n > 0:
			return nil
		case err != nil:
			if r.start == r.end {
				r.giveBack()
			}
			return err
		}
	}
	return io.ErrNoProgress
}

// borrow makes sure that there is a buffer.
func (r *Reader) borrow() {
	if r.buf == nil {
		r.lent = buffers.Get().(*[bufferSize]byte)
		r.buf = r.lent[:]
	}
}

// giveBack returns the buffer, which holds no unread bytes.
func (r *Reader) giveBack() {
	if r.lent != nil {
		clear(r.lent[:r.used]) // there may have been a password in it
		buffers.Put(r.lent)
	}
	r.lent, r.buf, r.start, r.end, r.used = nil, nil, 0, 0, 0
}

// grow moves a long line into a buffer of its own.
func (r *Reader) grow() {
	longer := make([]byte, min(2*len(r.buf), r.limit+len("\r\n")))
	n := copy(longer, r.buf[:r.end])
	r.giveBack()
	r.buf, r.end = longer, n
}
