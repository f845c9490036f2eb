package compile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/durable"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// Edited is what became of a change of applicationHost.config.
type Edited struct {
	// Changed says that the file was written.
	Changed bool
	// Problems are what the new text has that the old one had not. The file is
	// written in spite of them: a site that cannot run is that site's problem.
	Problems apphost.ErrorList
}

// Refused says why a new text was not written: it has errors with which a
// running server would refuse it, and which the old one had not. Their places
// are in the new text.
type Refused struct{ Problems apphost.ErrorList }

func (r *Refused) Error() string {
	return "the change would leave the configuration with errors and is not made: " + r.Problems.Error()
}

// Unwrap returns the errors.
func (r *Refused) Unwrap() error { return r.Problems }

// Edit changes applicationHost.config: it locks the file, reads it, has change
// change it, walks the road of a reload with the new text, and writes it whole
// or not at all, keeping mode and owner. Who changes the file in the same way
// waits; if somebody else wrote it meanwhile, change is called once more with
// what is there then. A file with errors can be changed if the change adds none.
// The error is that of change, a *Refused, or says what is wrong with the file.
func (h Home) Edit(change func(*apphost.Draft) error) (result Edited, err error) {
	judge := Home.judge
	if h.alone {
		judge = Home.judgeText
	}
	return h.editResolved(change, judge)
}

func (h Home) editResolved(change func(*apphost.Draft) error, judge judgement) (result Edited, err error) {
	h, problems := h.Resolve()
	switch {
	case problems.Errors() > 0:
		return result, problems
	case h.Away():
		return result, fmt.Errorf("the shared configuration cannot be written: %w", problems)
	}
	return h.edit(change, judge)
}

// judgement tells what a new text has that the old one had not, or refuses it.
type judgement func(h Home, before, after []byte) (apphost.ErrorList, error)

// Alone is a home that has nothing but an applicationHost.config, wherever that
// is: only the file is judged, not what it names.
func Alone(path string) Home {
	return Home{Config: path, alone: true, resolved: true, instead: map[string]string{OwnFile: "", SchemaDir: ""}}
}

// Knowing is the home with its schema, for who has read it already.
func (h Home) Knowing(schema *apphost.Schema) Home {
	h.known = schema
	return h
}

// tries is how often a change is made again after the file was written by
// somebody who takes no lock.
const tries = 10

func (h Home) edit(change func(*apphost.Draft) error, judge judgement) (result Edited, err error) {
	unlock, err := durable.Lock(h.Config)
	if err != nil {
		return result, fmt.Errorf("changing the configuration: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if h.known, err = h.schema(); err != nil {
		return result, err
	}
	for range tries {
		before, err := os.ReadFile(h.Config)
		if err != nil {
			return result, fmt.Errorf("changing the configuration: %w", err)
		}
		draft, err := h.Draft(before)
		if err != nil {
			return result, err
		}
		if err := change(draft); err != nil {
			return result, err
		}
		after := draft.Text()
		if bytes.Equal(before, after) {
			return result, nil
		}
		if result.Problems, err = judge(h, before, after); err != nil {
			return result, err
		}
		if now, err := os.ReadFile(h.Config); err != nil || !bytes.Equal(now, before) {
			continue
		}
		if err := durable.WriteFile(h.Config, after, newConfigMode); err != nil {
			return result, fmt.Errorf("changing the configuration: %w", err)
		}
		result.Changed = true
		return result, nil
	}
	return result, fmt.Errorf("%s is being changed by somebody else; try again", h.Config)
}

// newConfigMode is never used: the file is there.
const newConfigMode = 0o644

// Draft is a text of applicationHost.config to be changed.
func (h Home) Draft(text []byte) (*apphost.Draft, error) {
	doc, err := xmldoc.Parse(h.Config, text)
	if err != nil {
		return nil, err
	}
	definitions, err := h.schema()
	if err != nil {
		return nil, err
	}
	return apphost.NewDraft(definitions, doc), nil
}

// Read is applicationHost.config as it is, with errors if it has some.
func (h Home) Read() (*apphost.Draft, error) {
	h, problems := h.Resolve()
	if problems.Errors() > 0 {
		return nil, problems
	}
	if h.shared != nil {
		return h.Draft(h.shared.files[ConfigFile])
	}
	text, err := os.ReadFile(h.Config)
	if err != nil {
		return nil, err
	}
	return h.Draft(text)
}

// withText is the home with a text in the place of applicationHost.config.
func (h Home) withText(text []byte) Home {
	h.text, h.draft = text, true
	return h
}

// judge tells what a new text has that the old one had not; with a *Refused it
// would not be served.
func (h Home) judge(before, after []byte) (apphost.ErrorList, error) {
	snapshot, problems := Open(h.withText(after))
	if len(problems) == 0 {
		return nil, nil
	}
	_, known := Open(h.withText(before))
	return verdict(added(problems, known), snapshot == nil)
}

// judgeText is judge without a look at what the text names.
func (h Home) judgeText(before, after []byte) (apphost.ErrorList, error) {
	cfg, problems := h.withText(after).Load()
	if len(problems) == 0 {
		return nil, nil
	}
	_, known := h.withText(before).Load()
	return verdict(added(problems, known), cfg == nil)
}

func verdict(added apphost.ErrorList, refused bool) (apphost.ErrorList, error) {
	if !refused || added.Errors() == 0 {
		return added, nil
	}
	var errs apphost.ErrorList
	for _, p := range added {
		if !p.Warning {
			errs = append(errs, p)
		}
	}
	return nil, &Refused{errs}
}

// added are the problems that were not known, wherever these stood.
func added(problems, known apphost.ErrorList) apphost.ErrorList {
	seen := map[string]int{}
	for _, p := range known {
		seen[sense(p)]++
	}
	var list apphost.ErrorList
	for _, p := range problems {
		if key := sense(p); seen[key] > 0 {
			seen[key]--
			continue
		}
		list = append(list, p)
	}
	return list
}

var lineAndColumn = regexp.MustCompile(`:\d+:\d+`)

// sense is a problem without the places, which any change moves.
func sense(p *apphost.Error) string {
	return p.Section + "\x00" + lineAndColumn.ReplaceAllString(p.Msg, "")
}
