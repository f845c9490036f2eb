package appcmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// steps are those of a path as apphost takes them.
func steps(path []Step) []apphost.Step {
	var list []apphost.Step
	for _, s := range path {
		if s.Indexer != nil {
			list = append(list, apphost.Step{Values: s.Indexer.Pairs})
		} else {
			list = append(list, apphost.Step{Name: s.Name})
		}
	}
	return list
}

// assign makes the changes that the properties of a command ask for, in their
// order, below an element.
func assign(d *apphost.Draft, base apphost.Target, props []Param) error {
	for _, p := range props {
		if err := assignOne(d, base, p); err != nil {
			return err
		}
	}
	return nil
}

func assignOne(d *apphost.Draft, base apphost.Target, p Param) error {
	below := func(path []Step) apphost.Target {
		t := base
		t.Path = append(slices.Clip(t.Path), steps(path)...)
		return t
	}
	if p.Op == Empty {
		return d.Clear(below(p.Path))
	}
	if len(p.Path) == 0 {
		return badParam(p, "names nothing")
	}
	last := p.Path[len(p.Path)-1]
	up := below(p.Path[:len(p.Path)-1])
	switch {
	case p.Op == Insert && last.Indexer != nil:
		return d.Add(below(p.Path), nil, last.Indexer.Position)
	case p.Op == Insert:
		return badParam(p, "adds an element, which is described in brackets: /+path.[name='value']")
	case p.Op == Delete && last.Indexer != nil:
		return d.Remove(below(p.Path))
	case p.Op == Delete:
		return d.Unset(up, last.Name)
	case last.Indexer != nil:
		return badParam(p, "names an element; name an attribute of it, or add it with /+ or remove it with /-")
	case !p.Given:
		return badParam(p, "has no value: write /name:value")
	case strings.EqualFold(last.Name, "bindings"):
		return setBindings(d, below(p.Path), p.Value)
	}
	return d.Set(up, last.Name, p.Value)
}

func badParam(p Param, why string) error {
	return &failure{code: codeInvalid, usage: true, text: fmt.Sprintf("Failed to process input: The parameter '%s' is not understood (HRESULT=80070057).", p), hint: "it " + why}
}

// setBindings replaces the bindings of a site by those of a list.
func setBindings(d *apphost.Draft, at apphost.Target, list string) error {
	bindings, err := parseBindings(list)
	if err != nil {
		return err
	}
	if err := d.Clear(at); err != nil {
		return err
	}
	for _, b := range bindings {
		to := at
		to.Path = append(slices.Clip(to.Path), apphost.Step{Values: b})
		if err := d.Add(to, nil, apphost.Last); err != nil {
			return err
		}
	}
	return nil
}

// parseBindings reads protocol/information or URLs with commas between them.
func parseBindings(list string) ([][]apphost.Setting, error) {
	var bindings [][]apphost.Setting
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		protocol, information, url := strings.Cut(item, "://")
		if !url {
			var ok bool
			if protocol, information, ok = strings.Cut(item, "/"); !ok {
				return nil, &failure{
					code: codeInvalid, text: fmt.Sprintf("Invalid binding \"%s\".", item),
					hint: "a binding is PROTOCOL/ADDRESS:PORT:HOST, as in ftp/*:21:, or PROTOCOL://ADDRESS:PORT",
				}
			}
		} else {
			information = bindingOfURL(strings.TrimSuffix(information, "/"))
		}
		bindings = append(bindings, []apphost.Setting{{Name: "protocol", Value: protocol}, {Name: "bindingInformation", Value: information}})
	}
	return bindings, nil
}

// bindingOfURL turns ADDRESS:PORT into ADDRESS:PORT:HOST: what is no address is
// the host.
func bindingOfURL(rest string) string {
	at := strings.LastIndexByte(rest, ':')
	if at < 0 || strings.HasSuffix(rest, "]") {
		rest, at = rest+":21", len(rest)
	}
	address, port := rest[:at], rest[at+1:]
	if address == "*" || address == "" || strings.HasPrefix(address, "[") || strings.Trim(address, "0123456789.") == "" {
		return address + ":" + port + ":"
	}
	return "*:" + port + ":" + address
}
