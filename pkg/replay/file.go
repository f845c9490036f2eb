package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxLine is the longest line in bytes that is looked at.
const maxLine = 64 << 10

// checkEvery is after how many lines the context is asked.
const checkEvery = 4096

// Files finds the logs that are meant: a folder is all logs below it, by name,
// so that what happened earlier comes earlier.
func Files(names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, name)
			continue
		}
		found := len(files)
		err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			lower := strings.ToLower(path)
			if err == nil && d.Type().IsRegular() && (strings.HasSuffix(lower, ".log") || strings.HasSuffix(lower, ".log.gz")) {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == found {
			return nil, fmt.Errorf("%s has no *.log or *.log.gz", name)
		}
	}
	return files, nil
}

// siteFolder is the folder of one site's logs.
var (
	siteFolder = regexp.MustCompile(`(?i)^FTPSVC(\d+)$`)
	oldFolder  = regexp.MustCompile(`(?i)^MSFTPSVC\d+$`)
	oldMethod  = regexp.MustCompile(`^\[\d+\]`)
)

// folderOf is what a folder on the way to a file says: the number of the site,
// and whether it belongs to the old FTP service.
func folderOf(name string) (id uint32, known, old bool) {
	if absolute, err := filepath.Abs(name); err == nil {
		name = absolute
	}
	for _, folder := range slices.Backward(strings.Split(filepath.ToSlash(name), "/")) {
		if oldFolder.MatchString(folder) {
			return 0, false, true
		}
		if m := siteFolder.FindStringSubmatch(folder); m != nil {
			n, err := strconv.ParseUint(m[1], 10, 32)
			return uint32(n), err == nil, false //nolint:gosec // 32 bits, see above
		}
	}
	return 0, false, false
}

// file replays one file.
func (r *replayer) file(ctx context.Context, name string) error {
	f, err := os.Open(name) //nolint:gosec // the administrator names the file
	if err != nil {
		return err
	}
	defer f.Close()
	r.enterFile(name)
	if r.old {
		r.note("%s: the log of the FTP service before IIS 7, which is not read", name)
		return nil
	}
	plain := bufio.NewReaderSize(f, maxLine)
	if magic, _ := plain.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return r.lines(ctx, plain)
	}
	unpacked, err := gzip.NewReader(plain)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return r.lines(ctx, bufio.NewReaderSize(unpacked, maxLine))
}

// lines replays what reader has.
func (r *replayer) lines(ctx context.Context, reader *bufio.Reader) error {
	for {
		text, err := reader.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = reader.ReadSlice('\n')
		}
		if len(text) > 0 || err == nil {
			r.here.place.line++
			r.take(text, long)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: after line %d: %w", r.here.place.file, r.here.place.line, err)
		}
		if r.here.place.line%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// take replays one line as it is in the file.
func (r *replayer) take(text []byte, long bool) {
	text = bytes.TrimRight(text, "\r\n")
	if r.here.place.line == 1 {
		text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	}
	switch {
	case len(text) == 0 && !long:
	case len(text) > 0 && text[0] == '#':
		r.header(string(text))
	default:
		r.report.Lines++
		r.data(text, long)
	}
}

// header takes a line of a header; #Fields may come again at any time.
func (r *replayer) header(text string) {
	fields, found := strings.CutPrefix(text, "#Fields:")
	if !found {
		return
	}
	r.layout, r.old = readLayout(fields), false
	r.here.layout = &r.layout
	if r.layout.foreign != "" {
		r.note("%s:%d: %s, so that they are not read", r.here.place.file, r.here.place.line, r.layout.foreign)
	}
}

// data takes a line that is none of a header.
func (r *replayer) data(text []byte, long bool) {
	l := &r.here
	switch {
	case l.layout == nil:
		r.skip("lines before any #Fields", l)
		return
	case l.layout.foreign != "":
		r.skip("lines of other logs", l)
		return
	case long || !l.split(text) || l.exceeds():
		r.skip("lines that are damaged", l)
		return
	}
	typed := l.raw(method)
	if !r.old && len(typed) > 0 && typed[0] == '[' && oldMethod.Match(typed) {
		r.old = true
		r.note("%s:%d: lines of the FTP service before IIS 7, which are not read", l.place.file, l.place.line)
	}
	if r.old {
		r.skip("lines of the FTP service before IIS 7", l)
		return
	}
	if why := r.find(l); why != "" {
		r.skip(why, l)
		return
	}
	l.code, l.sub = max(l.number(status), 0), l.number(subStatus)
	l.verb = r.verbOf(typed)
	r.event(l)
}
