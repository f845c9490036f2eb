package accounts

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ftphost/ftphost/pkg/auth"
)

// Limits of names, in characters.
const (
	maxUserName  = 64
	maxGroupName = 256
)

// forbidden may not occur in the name of a Windows account, because rules,
// qualified names and lists use these characters.
const forbidden = "\"/\\[]:;|=,+*?<>@"

// ErrName means that a name cannot be one of an account or a group.
var ErrName = errors.New("not a usable name")

// CheckUserName returns nil when an account may have this name, and an ErrName
// that says why not otherwise.
func CheckUserName(name string) error {
	if auth.IsAnonymousName(name) {
		return fmt.Errorf("%q is %w for a user: it means an anonymous login", name, ErrName)
	}
	return checkName(name, maxUserName)
}

// CheckGroupName is CheckUserName for a group.
func CheckGroupName(name string) error { return checkName(name, maxGroupName) }

func checkName(name string, most int) error {
	reason := ""
	switch {
	case name == "":
		reason = "it is empty"
	case !utf8.ValidString(name):
		reason = "it is not UTF-8"
	case utf8.RuneCountInString(name) > most:
		reason = fmt.Sprintf("it is longer than %d characters", most)
	case strings.ContainsFunc(name, unicode.IsControl):
		reason = "it holds a control character"
	case strings.ContainsAny(name, forbidden):
		reason = "it holds one of " + strings.Join(strings.Split(forbidden, ""), " ")
	case strings.TrimSpace(name) != name:
		reason = "it begins or ends with a space"
	case strings.Trim(name, ". ") == "":
		reason = "it is made of dots alone"
	default:
		return nil
	}
	return fmt.Errorf("%q is %w: %s", name, ErrName, reason)
}
