package access

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// FilterSettings are the effective settings of
// system.ftpServer/security/requestFiltering at one location.
type FilterSettings struct {
	// AllowHighBit permits characters beyond ASCII in paths.
	AllowHighBit bool
	// MaxURL is the longest path in bytes; 0 is no limit.
	MaxURL int
	// MaxContentLength is the largest upload in bytes; 0 is no limit.
	MaxContentLength int64
	// HiddenSegments are names that can neither be reached nor listed.
	HiddenSegments []string
	// DeniedSequences are texts that no path may contain.
	DeniedSequences []string
	// AllowUnlistedExtensions is the policy for extensions not listed.
	AllowUnlistedExtensions bool
	// Extensions says which extensions are allowed, with or without the
	// leading dot; "." stands for names without one.
	Extensions map[string]bool
	// Origins say where all that is written.
	Origins FilterOrigins
}

// FilterOrigins are the places of filter settings, as file:line:col. What has
// none is "".
type FilterOrigins struct {
	HighBit, MaxURL, UnlistedExtensions string
	// HiddenSegments, DeniedSequences and Extensions are by the text that the
	// settings have.
	HiddenSegments, DeniedSequences, Extensions map[string]string
}

// RequestFilter refuses paths by their spelling. It is fixed once built; nil
// refuses nothing. Everything is compared in the folded form of vpath, so that
// neither case nor trailing dots and spaces pass it.
type RequestFilter struct {
	allowHighBit     bool
	maxURL           int
	maxContentLength int64
	// hidden are the origins of the folded segments.
	hidden        map[string]string
	sequences     []sequence
	allowUnlisted bool
	extensions    map[string]extension
	origins       FilterOrigins
}

// sequence is a folded text that no path may contain.
type sequence struct {
	text   []byte
	origin string
}

// extension is what is said about one, or about those that are not listed.
type extension struct {
	allowed bool
	origin  string
}

// NewRequestFilter returns the filter of settings.
func NewRequestFilter(settings FilterSettings) *RequestFilter {
	f := &RequestFilter{
		allowHighBit:     settings.AllowHighBit,
		maxURL:           settings.MaxURL,
		maxContentLength: settings.MaxContentLength,
		hidden:           make(map[string]string, len(settings.HiddenSegments)),
		allowUnlisted:    settings.AllowUnlistedExtensions,
		extensions:       make(map[string]extension, len(settings.Extensions)),
		origins:          settings.Origins,
	}
	for _, s := range settings.HiddenSegments {
		f.hidden[vpath.Fold(s)] = settings.Origins.HiddenSegments[s]
	}
	for _, s := range settings.DeniedSequences {
		// A path has only slashes, so that a rule against "\" means "/".
		if text := strings.ReplaceAll(s, `\`, "/"); text != "" {
			f.sequences = append(f.sequences, sequence{vpath.AppendFoldCase(nil, text), settings.Origins.DeniedSequences[s]})
		}
	}
	for ext, allowed := range settings.Extensions {
		f.extensions[extensionKey(ext)] = extension{allowed, settings.Origins.Extensions[ext]}
	}
	return f
}

// extensionKey is the folded extension without its dot; "" for ".".
func extensionKey(ext string) string {
	ext = strings.TrimPrefix(ext, ".")
	if ext == "" {
		return ""
	}
	return vpath.Fold(ext)
}

// MaxContentLength returns the largest upload in bytes, or 0 for no limit.
func (f *RequestFilter) MaxContentLength() int64 {
	if f == nil {
		return 0
	}
	return f.maxContentLength
}

// Check returns nil when p passes, or a *Denied with sub-status 8 to 12. With
// file, the last segment names a file and its extension counts too.
func (f *RequestFilter) Check(p vpath.Path, file bool) error {
	switch {
	case f == nil:
		return nil
	case f.maxURL > 0 && len(p) > f.maxURL:
		return &Denied{SubStatusPathTooLong, fmt.Sprintf("the path has %d bytes, maxUrl is %d", len(p), f.maxURL), f.origins.MaxURL}
	case !f.allowHighBit && highBit(string(p)):
		return &Denied{SubStatusHighBit, "the path has high bit characters and allowHighBitCharacters is false", f.origins.HighBit}
	}
	if s := f.deniedSequence(p); s != nil {
		return &Denied{SubStatusDeniedSequence, fmt.Sprintf("the path contains the denied sequence %q", s.text), s.origin}
	}
	for segment := range p.Segments() {
		if origin, hidden := f.hides(segment); hidden {
			return &Denied{SubStatusHiddenSegment, fmt.Sprintf("%q is a hidden segment", segment), origin}
		}
	}
	if file && !p.IsRoot() {
		if ext := f.extensionOf(p.Base()); !ext.allowed {
			return &Denied{SubStatusExtension, fmt.Sprintf("the extension of %q is not allowed", p.Base()), ext.origin}
		}
	}
	return nil
}

// Hides reports whether segment can neither be reached nor listed. What
// follows a colon is an NTFS stream of the same file and does not count.
func (f *RequestFilter) Hides(segment string) bool {
	_, hidden := f.hides(segment)
	return hidden
}

// hides is Hides with the place that says so.
func (f *RequestFilter) hides(segment string) (origin string, hidden bool) {
	if f == nil || len(f.hidden) == 0 {
		return "", false
	}
	if origin, hidden = f.hidden[vpath.Fold(segment)]; hidden {
		return origin, true
	}
	if base, _, stream := strings.Cut(segment, ":"); stream {
		origin, hidden = f.hidden[vpath.Fold(base)]
	}
	return origin, hidden
}

// extensionOf is what is said about the extension of a name, and of the file
// whose stream it names.
func (f *RequestFilter) extensionOf(name string) extension {
	if len(f.extensions) == 0 && f.allowUnlisted {
		return extension{allowed: true}
	}
	ext := f.said(name)
	if base, _, stream := strings.Cut(name, ":"); stream && ext.allowed {
		return f.said(base)
	}
	return ext
}

func (f *RequestFilter) said(name string) extension {
	name = vpath.Fold(name)
	key := ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		key = name[i+1:]
	}
	if ext, listed := f.extensions[key]; listed {
		return ext
	}
	return extension{f.allowUnlisted, f.origins.UnlistedExtensions}
}

// deniedSequence returns the sequence that p contains, or nil. It looks at p
// as written, so that sequences of dots and spaces are found, and at its
// folded segments, so that dots and spaces cannot break a sequence up.
func (f *RequestFilter) deniedSequence(p vpath.Path) *sequence {
	if len(f.sequences) == 0 {
		return nil
	}
	written := vpath.AppendFoldCase(nil, string(p))
	var folded []byte
	for segment := range p.Segments() {
		folded = vpath.AppendFold(append(folded, '/'), segment)
	}
	for i := range f.sequences {
		if s := &f.sequences[i]; bytes.Contains(written, s.text) || bytes.Contains(folded, s.text) {
			return s
		}
	}
	return nil
}

func highBit(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}
