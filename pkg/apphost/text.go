package apphost

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// plain is the value that a text stands for: an encrypted empty string is an
// empty string.
func (a *AttributeSchema) plain(text string) string {
	if a.Encrypted {
		if _, payload, ok := encrypted(text); ok && payload == "" {
			return ""
		}
	}
	return text
}

// quote repeats a value in a message, but not a book.
func quote(text string) string { return strconv.Quote(clip(text)) }

// clip shortens a text for a message. What is encrypted is not for anybody's
// eyes, wherever it was pasted.
func clip(text string) string {
	const longest = 80
	if i := strings.Index(text, "[enc:"); i >= 0 {
		return clip(text[:i]) + "[enc:...]"
	}
	if len(text) <= longest {
		return text
	}
	return text[:longest] + "..."
}

// checkString applies the validators of strings. Validators that concern web
// settings only are not checked.
func (a *AttributeSchema) checkString(s string) error {
	switch a.Validator {
	case "nonEmptyString":
		if s == "" {
			return errors.New("must not be empty")
		}
	case "requireTrimmedString":
		if s != strings.TrimSpace(s) {
			return fmt.Errorf("%s must not begin or end with a space", quote(s))
		}
	case "siteName":
		if s == "" || strings.ContainsAny(s, "/?") {
			return fmt.Errorf(`%s is not a site name: it must not be empty or contain "/" or "?"`, quote(s))
		}
	case "applicationPath", "virtualDirectoryPath":
		return checkPath(s)
	}
	return nil
}

func checkPath(s string) error {
	if !strings.HasPrefix(s, "/") {
		return fmt.Errorf(`%s must begin with "/"`, quote(s))
	}
	if s != "/" && strings.HasSuffix(s, "/") {
		return fmt.Errorf(`%s must not end with "/"`, quote(s))
	}
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf(`%s must not have the segment %q`, quote(s), segment)
		}
	}
	return nil
}

// encrypted takes [enc:PROVIDER:PAYLOAD:enc] apart.
func encrypted(text string) (provider, payload string, ok bool) {
	inner, ok := strings.CutPrefix(text, "[enc:")
	if !ok {
		return "", "", false
	}
	if inner, ok = strings.CutSuffix(inner, ":enc]"); !ok {
		return "", "", false
	}
	provider, payload, ok = strings.Cut(inner, ":")
	return provider, payload, ok
}
