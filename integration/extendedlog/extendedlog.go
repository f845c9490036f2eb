// Package extendedlog reads log files as W3C's working draft "Extended Log File
// Format" (WD-logfile-960323) describes them, knowing nothing of how ftphost
// writes them: directives, entries, and the types that identifiers have.
package extendedlog

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// File is one log file.
type File struct {
	// Headers are the blocks of directives in order.
	Headers []Header
	// Entries are the lines below them in order.
	Entries []Entry
	// Torn are lines that broke off: the next line begins a header.
	Torn []string
}

// Header is one block of directives.
type Header struct {
	Software, Version string
	Date              time.Time
	// Fields are the identifiers of the entries that follow.
	Fields []string
}

// Entry is one line: what it says for each identifier, "-" for nothing.
type Entry map[string]string

// String is the entry in the order of names, for messages.
func (e Entry) String() string { return fmt.Sprint(map[string]string(e)) }

// Parse reads a whole file. Every error names the line. Unless the file is in
// UTF-8, bytes above ASCII are taken as they are.
func Parse(data string) (*File, error) {
	if data == "" {
		return nil, errors.New("the file is empty")
	}
	p := parser{file: &File{}}
	lines := strings.SplitAfter(data, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	for i, l := range lines {
		text, whole := strings.CutSuffix(l, "\r\n")
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		err := p.line(strings.TrimSuffix(text, "\n"))
		switch {
		case err == nil && whole:
		case err != nil && whole && strings.HasPrefix(next, "#Software: "):
			p.file.Torn = append(p.file.Torn, text)
		case err == nil:
			return nil, fmt.Errorf("line %d does not end with CRLF: %q", i+1, l)
		default:
			return nil, fmt.Errorf("line %d: %w: %q", i+1, err, l)
		}
	}
	return p.file, nil
}

type parser struct {
	file *File
	open bool // in a block of directives
}

func (p *parser) line(text string) error {
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != utf8.RuneError }); i >= 0 {
		return fmt.Errorf("control character at byte %d", i)
	}
	if strings.HasPrefix(text, "#") {
		return p.directive(text[1:])
	}
	return p.entry(text)
}

func (p *parser) directive(text string) error {
	name, value, found := strings.Cut(text, ": ")
	if !found {
		return errors.New("a directive without a value")
	}
	if !p.open {
		p.file.Headers = append(p.file.Headers, Header{})
		p.open = true
	}
	h := &p.file.Headers[len(p.file.Headers)-1]
	switch name {
	case "Software":
		h.Software = value
	case "Version":
		h.Version = value
		if !version.MatchString(value) {
			return errors.New("a version is integer.integer")
		}
	case "Date":
		var err error
		h.Date, err = time.Parse("2006-01-02 15:04:05", value)
		return err
	case "Fields":
		return h.fields(value)
	default:
		return fmt.Errorf("unknown directive %q", name)
	}
	return nil
}

var (
	version    = regexp.MustCompile(`^\d+\.\d+$`)
	identifier = regexp.MustCompile(`^(date|time|time-taken|bytes|cached|x-[a-z]+|(c|s|r|cs|sc|sr|rs)-[a-z0-9-]+)$`)
)

func (h *Header) fields(value string) error {
	for name := range strings.SplitSeq(value, " ") {
		if !identifier.MatchString(name) {
			return fmt.Errorf("%q is no identifier of a field", name)
		}
		h.Fields = append(h.Fields, name)
	}
	return nil
}

func (p *parser) entry(text string) error {
	if len(p.file.Headers) == 0 {
		return errors.New("an entry above all directives")
	}
	h := p.file.Headers[len(p.file.Headers)-1]
	if h.Version == "" || len(h.Fields) == 0 {
		return errors.New("an entry without #Version and #Fields")
	}
	values := strings.Split(text, " ")
	if len(values) != len(h.Fields) {
		return fmt.Errorf("%d values for %d fields", len(values), len(h.Fields))
	}
	e := Entry{}
	for i, name := range h.Fields {
		if err := check(name, values[i]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e[name] = values[i]
	}
	p.open = false
	p.file.Entries = append(p.file.Entries, e)
	return nil
}

var integer = regexp.MustCompile(`^\d+$`)

// check holds a value against the type that its identifier has.
func check(name, value string) (err error) {
	if value == "" {
		return errors.New("an empty value")
	}
	if value == "-" {
		return nil
	}
	_, kind, _ := strings.Cut(name, "-")
	switch {
	case name == "date":
		_, err = time.Parse("2006-01-02", value)
	case name == "time":
		_, err = time.Parse("15:04:05", value)
	case kind == "ip":
		_, err = netip.ParseAddr(value)
	case name == "time-taken", kind == "status", kind == "win32-status", kind == "substatus", kind == "bytes", kind == "port":
		if !integer.MatchString(value) {
			err = errors.New("not an integer")
		}
	}
	return err
}
