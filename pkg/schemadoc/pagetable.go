package schemadoc

import (
	"fmt"
	"math"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// attributes writes the table of the attributes of e, and below it one for
// each enum or flags whose words need explaining.
func (p *page) attributes(e *apphost.ElementSchema) {
	if len(e.Attributes) == 0 {
		return
	}
	p.add("\n| Attribute | Values | Default | Meaning |\n|---|---|---|---|\n")
	for _, a := range e.Attributes {
		p.add("| %s | %s | %s | %s |\n", cell(code(a.Name)), cell(values(a)), cell(defaultOf(a)), prose(a.Doc))
	}
	for _, a := range e.Attributes {
		if explained(a) {
			p.words(a)
		}
	}
}

// words writes the table of the words of one attribute.
func (p *page) words(a *apphost.AttributeSchema) {
	p.add("\n| Word of `%s` | Number | Meaning |\n|---|---|---|\n", a.Name)
	for _, w := range a.Words {
		p.add("| `%s` | %d | %s |\n", w.Name, w.Value, prose(w.Doc))
	}
}

// explained reports whether the words of a have meanings to tell.
func explained(a *apphost.AttributeSchema) bool {
	for _, w := range a.Words {
		if w.Doc != "" {
			return true
		}
	}
	return false
}

// values says what an attribute may be.
func values(a *apphost.AttributeSchema) string {
	switch a.Type {
	case apphost.Bool:
		return "`true`, `false`"
	case apphost.Enum:
		if explained(a) {
			return "a word, see below"
		}
		return wordList(a.Words)
	case apphost.Flags:
		if explained(a) {
			return "words, see below"
		}
		return "any of " + wordList(a.Words)
	case apphost.Uint, apphost.Int, apphost.Int64:
		return number(a)
	case apphost.TimeSpan:
		return timeSpan(a)
	case apphost.String:
		return textValue(a)
	}
	return string(a.Type)
}

func wordList(list []apphost.Word) string {
	var words []string
	for _, w := range list {
		words = append(words, fmt.Sprintf("`%s` (%d)", w.Name, w.Value))
	}
	return strings.Join(words, ", ")
}

func number(a *apphost.AttributeSchema) string {
	lowest, highest, exclude, ranged := a.Range()
	switch {
	case ranged && exclude && lowest == 0 && highest == math.MaxUint32-1:
		return fmt.Sprintf("`%d` only", highest+1)
	case ranged && exclude:
		return fmt.Sprintf("number, not %d to %d", lowest, highest)
	case ranged:
		return fmt.Sprintf("%d to %d", lowest, highest)
	case a.Type == apphost.Uint:
		return "number, not negative"
	}
	return "number"
}

func timeSpan(a *apphost.AttributeSchema) string {
	s := "time, `[d.]hh:mm:ss`"
	if a.TimeSpanFormat != "string" {
		s = "number of " + a.TimeSpanFormat
	}
	if a.AllowInfinite {
		s += " or `Infinite`"
	}
	return s
}

func textValue(a *apphost.AttributeSchema) string {
	s := "text"
	switch a.Validator {
	case "applicationPath", "virtualDirectoryPath":
		s = "virtual path"
	case "siteName":
		s = "name"
	}
	switch {
	case a.Encrypted:
		s += ", may be encrypted"
	case a.Expanded:
		s += ", may have `%Name%`"
	}
	return s
}

// defaultOf says what an absent attribute is.
func defaultOf(a *apphost.AttributeSchema) string {
	key := ""
	if a.Key {
		key = " (key)"
	}
	switch {
	case a.Runtime:
		return "not configuration"
	case a.Required:
		return "**required**" + key
	case a.Encrypted || a.Default == "" && a.Type == apphost.String:
		return "empty" + key
	case a.Default == "" && a.Type == apphost.Flags:
		return "none" + key
	case a.Default == "":
		return "none" + key
	}
	return code(a.Default) + key
}

// cell keeps a bar from ending a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
