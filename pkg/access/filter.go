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
}

// RequestFilter refuses paths by their spelling. It is fixed once built; nil
// refuses nothing. Everything is compared in the folded form of vpath, so that
// neither case nor trailing dots and spaces pass it.
type RequestFilter struct {
	allowHighBit     bool
	maxURL           int
	maxContentLength int64
	hidden           map[string]bool
	sequences        [][]byte
	allowUnlisted    bool
	extensions       map[string]bool
}

// NewRequestFilter returns the filter of settings.
func NewRequestFilter(settings FilterSettings) *RequestFilter {
	f := &RequestFilter{
		allowHighBit:     settings.AllowHighBit,
		maxURL:           settings.MaxURL,
		maxContentLength: settings.MaxContentLength,
		hidden:           make(map[string]bool, len(settings.HiddenSegments)),
		allowUnlisted:    settings.AllowUnlistedExtensions,
		extensions:       make(map[string]bool, len(settings.Extensions)),
	}
	for _, s := range settings.HiddenSegments {
		f.hidden[vpath.Fold(s)] = true
	}
	for _, s := range settings.DeniedSequences {
		// A path has only slashes, so that a rule against "\" means "/".
		if s = strings.ReplaceAll(s, `\`, "/"); s != "" {
			f.sequences = append(f.sequences, vpath.AppendFoldCase(nil, s))
		}
	}
	for ext, allowed := range settings.Extensions {
		f.extensions[extensionKey(ext)] = allowed
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
		return &Denied{SubStatus: SubStatusPathTooLong, Reason: fmt.Sprintf("the path has %d bytes, maxUrl is %d", len(p), f.maxURL)}
	case !f.allowHighBit && highBit(string(p)):
		return &Denied{SubStatus: SubStatusHighBit, Reason: "the path has high bit characters and allowHighBitCharacters is false"}
	}
	if s := f.deniedSequence(p); s != nil {
		return &Denied{SubStatus: SubStatusDeniedSequence, Reason: fmt.Sprintf("the path contains the denied sequence %q", s)}
	}
	for segment := range p.Segments() {
		if f.Hides(segment) {
			return &Denied{SubStatus: SubStatusHiddenSegment, Reason: fmt.Sprintf("%q is a hidden segment", segment)}
		}
	}
	if file && !p.IsRoot() && !f.allowsExtension(p.Base()) {
		return &Denied{SubStatus: SubStatusExtension, Reason: fmt.Sprintf("the extension of %q is not allowed", p.Base())}
	}
	return nil
}

// Hides reports whether segment can neither be reached nor listed. What
// follows a colon is an NTFS stream of the same file and does not count.
func (f *RequestFilter) Hides(segment string) bool {
	if f == nil || len(f.hidden) == 0 {
		return false
	}
	base, _, stream := strings.Cut(segment, ":")
	return f.hidden[vpath.Fold(segment)] || stream && f.hidden[vpath.Fold(base)]
}

func (f *RequestFilter) allowsExtension(name string) bool {
	if len(f.extensions) == 0 && f.allowUnlisted {
		return true
	}
	base, _, stream := strings.Cut(name, ":")
	return f.extensionAllowed(name) && (!stream || f.extensionAllowed(base))
}

func (f *RequestFilter) extensionAllowed(name string) bool {
	name = vpath.Fold(name)
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		ext = name[i+1:]
	}
	if allowed, listed := f.extensions[ext]; listed {
		return allowed
	}
	return f.allowUnlisted
}

// deniedSequence returns the sequence that p contains, or nil. It looks at p
// as written, so that sequences of dots and spaces are found, and at its
// folded segments, so that dots and spaces cannot break a sequence up.
func (f *RequestFilter) deniedSequence(p vpath.Path) []byte {
	if len(f.sequences) == 0 {
		return nil
	}
	written := vpath.AppendFoldCase(nil, string(p))
	var folded []byte
	for segment := range p.Segments() {
		folded = vpath.AppendFold(append(folded, '/'), segment)
	}
	for _, s := range f.sequences {
		if bytes.Contains(written, s) || bytes.Contains(folded, s) {
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
