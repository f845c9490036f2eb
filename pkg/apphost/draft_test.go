package apphost_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
)

// at names an element by words: "name" is a child, "name=value,other=value" an
// entry.
func at(location, section string, path ...string) apphost.Target {
	t := apphost.Target{Location: location, Section: section}
	for _, p := range path {
		if !strings.Contains(p, "=") {
			t.Path = append(t.Path, apphost.Step{Name: p})
			continue
		}
		var values []apphost.Setting
		for pair := range strings.SplitSeq(p, ",") {
			name, value, _ := strings.Cut(pair, "=")
			values = append(values, apphost.Setting{Name: name, Value: value})
		}
		t.Path = append(t.Path, apphost.Step{Values: values})
	}
	return t
}

const rules = "ftp/rules"

// Each edit, what stands there before, and after.
func TestDraft(t *testing.T) {
	for name, test := range map[string]struct {
		before string
		edit   func(*apphost.Draft) error
		after  string
	}{
		"new group": {
			"", func(d *apphost.Draft) error { return d.Set(at("", rules), "unlisted", "FALSE") },
			"    <ftp>\n        <rules unlisted=\"false\" />\n    </ftp>",
		},
		"group before locations": {
			"<location path=\"S\"></location>", func(d *apphost.Draft) error { return d.Set(at("", rules, "limits"), "size", "7") },
			"<ftp>\n    <rules>\n        <limits size=\"7\" />\n    </rules>\n</ftp>\n<location path=\"S\"></location>",
		},
		"second group": {
			"<ftp><types /></ftp><ftp><rules unlisted='true'/></ftp>", func(d *apphost.Draft) error { return d.Set(at("", rules), "UNLISTED", "false") },
			"<ftp><types /></ftp><ftp><rules unlisted='false'/></ftp>",
		},
		"server level in a location": {
			"<location path=\".\"><ftp><rules /></ftp></location>", func(d *apphost.Draft) error { return d.Set(at("", rules), "unlisted", "0x") },
			"", // not a bool
		},
		"spelling stays": {
			"<ftp><Rules Unlisted=\"true\" /></ftp>", func(d *apphost.Draft) error { return d.Set(at("", rules), "unlisted", "False") },
			"<ftp><Rules Unlisted=\"false\" /></ftp>",
		},
		"new location": {
			"<ftp />", func(d *apphost.Draft) error {
				return d.Add(at("S/a/", rules, "access=Deny,users=x,permissions=3"), nil, apphost.Last)
			},
			"<ftp />\n<location path=\"S/a\">\n    <ftp>\n        <rules>\n            <add access=\"Deny\" users=\"x\" permissions=\"Read, Write\" />\n        </rules>\n    </ftp>\n</location>",
		},
		"location of another case": {
			"<location path=\"s\"><ftp><types /></ftp></location>", func(d *apphost.Draft) error { return d.Set(at("S", rules), "unlisted", "true") },
			"<location path=\"s\"><ftp><types /><rules unlisted=\"true\" /></ftp></location>",
		},
		"location that locks": {
			"<location path=\"S\" overrideMode=\"Deny\"><ftp><types /></ftp></location>", func(d *apphost.Draft) error { return d.Set(at("S", rules), "unlisted", "true") },
			"<location path=\"S\" overrideMode=\"Deny\"><ftp><types /></ftp></location>\n<location path=\"S\">\n    <ftp>\n        <rules unlisted=\"true\" />\n    </ftp>\n</location>",
		},
		"registration": {
			"<configSections>\n    <section name=\"x\" />\n</configSections>", func(d *apphost.Draft) error { return d.Set(at("", rules), "unlisted", "true") },
			"<configSections>\n    <section name=\"x\" />\n    <sectionGroup name=\"ftp\">\n        <section name=\"rules\" overrideModeDefault=\"Deny\" />\n    </sectionGroup>\n</configSections>\n<ftp>\n    <rules unlisted=\"true\" />\n</ftp>",
		},
		"at the start": {
			"<ftp><rules><clear /><add access=\"Deny\" /></rules></ftp>", func(d *apphost.Draft) error { return d.Add(at("", rules, "access=Allow,users=x"), nil, 0) },
			"<ftp><rules><clear /><add access=\"Allow\" users=\"x\" /><add access=\"Deny\" /></rules></ftp>",
		},
		"behind the last": {
			"<ftp><rules><add access=\"Deny\" /><limits /></rules></ftp>", func(d *apphost.Draft) error { return d.Add(at("", rules, "access=Allow,users=x"), nil, 9) },
			"<ftp><rules><add access=\"Deny\" /><add access=\"Allow\" users=\"x\" /><limits /></rules></ftp>",
		},
		"before defaults": {
			"<host><sites><siteDefaults /></sites></host>", func(d *apphost.Draft) error { return d.Add(at("", "host/sites", "name=a,id=1"), nil, apphost.Last) },
			"<host><sites><site name=\"a\" id=\"1\" /><siteDefaults /></sites></host>",
		},
		"remove by some values": {
			"<ftp><rules><add access=\"Deny\" users=\"A\" permissions=\"1\" /><add access=\"Deny\" users=\"B\" /></rules></ftp>",
			func(d *apphost.Draft) error { return d.Remove(at("", rules, "users=a,permissions=Read")) },
			"<ftp><rules><add access=\"Deny\" users=\"B\" /></rules></ftp>",
		},
		"remove what is inherited": {
			"<ftp><rules><add access=\"Deny\" users=\"A\" permissions=\"1\" /></rules></ftp><location path=\"S\"><ftp><rules /></ftp></location>",
			func(d *apphost.Draft) error { return d.Remove(at("S", rules, "users=a")) },
			"<ftp><rules><add access=\"Deny\" users=\"A\" permissions=\"1\" /></rules></ftp><location path=\"S\"><ftp><rules><remove users=\"A\" permissions=\"1\" /></rules></ftp></location>",
		},
		"change what is inherited": {
			"<ftp><rules><add access=\"Deny\" users=\"A\" permissions=\"1\" /></rules></ftp><location path=\"S\"><ftp><rules /></ftp></location>",
			func(d *apphost.Draft) error { return d.Set(at("S", rules, "users=a"), "access", "Allow") },
			"<ftp><rules><add access=\"Deny\" users=\"A\" permissions=\"1\" /></rules></ftp><location path=\"S\"><ftp><rules><remove users=\"A\" permissions=\"1\" /><add access=\"Allow\" users=\"A\" permissions=\"Read\" /></rules></ftp></location>",
		},
		"clear": {
			"<ftp><rules unlisted=\"true\"><!-- x --><add access=\"Deny\" /><limits /></rules></ftp>", func(d *apphost.Draft) error { return d.Clear(at("", rules)) },
			"<ftp><rules unlisted=\"true\"><!-- x --><limits /></rules></ftp>",
		},
		"clear what is inherited": {
			"<ftp><rules><add access=\"Deny\" /></rules></ftp><location path=\"S\"><ftp><rules><remove /></rules></ftp></location>",
			func(d *apphost.Draft) error { return d.Clear(at("S", rules)) },
			"<ftp><rules><add access=\"Deny\" /></rules></ftp><location path=\"S\"><ftp><rules><clear /></rules></ftp></location>",
		},
		"unset":          {"<ftp><rules unlisted=\"true\" /></ftp>", func(d *apphost.Draft) error { return d.Unset(at("", rules), "unlisted") }, "<ftp><rules /></ftp>"},
		"unset element":  {"<ftp><rules><limits size=\"1\" /></rules></ftp>", func(d *apphost.Draft) error { return d.Unset(at("", rules), "limits") }, "<ftp><rules></rules></ftp>"},
		"unset nothing":  {"", func(d *apphost.Draft) error { return d.Unset(at("S", rules, "limits"), "size") }, ""},
		"remove section": {"<location path=\"S\"><ftp><rules /></ftp></location><ftp />", removeSection("S"), "<ftp />"},
		"keep neighbours": {
			"<location path=\"S\"><ftp><!-- why --><rules /></ftp></location>", removeSection("S"), "<location path=\"S\"><ftp><!-- why --></ftp></location>",
		},
		"unlock": {
			"<configSections><sectionGroup name=\"ftp\"><section name=\"rules\" overrideModeDefault=\"Deny\" /></sectionGroup></configSections>",
			func(d *apphost.Draft) error { return d.SetOverrideMode("", rules, apphost.OverrideAllow) },
			"<configSections><sectionGroup name=\"ftp\"><section name=\"rules\" overrideModeDefault=\"Allow\" /></sectionGroup></configSections>",
		},
		"lock a location": {
			"<location path=\"S\" allowOverride=\"true\"><ftp><rules /></ftp></location>",
			func(d *apphost.Draft) error { return d.SetOverrideMode("S", rules, apphost.OverrideDeny) },
			"<location path=\"S\" overrideMode=\"Deny\"><ftp><rules /></ftp></location>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := apphost.NewDraft(smallSchema(t), document(t, "a", wrap(test.before)))
			err := test.edit(d)
			want := wrap(test.after)
			if name == "server level in a location" {
				var value *apphost.ValueError
				if !errors.As(err, &value) {
					t.Errorf("%v", err)
				}
				want, err = wrap(test.before), nil
			}
			got := strings.ReplaceAll(string(d.Text()), "\n\n", "\n")
			if want = strings.ReplaceAll(want, "\n\n", "\n"); err != nil || got != want {
				t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
			}
		})
	}
}

func removeSection(location string) func(*apphost.Draft) error {
	return func(d *apphost.Draft) error {
		there, err := d.RemoveSection(location, rules)
		if err == nil && !there {
			err = errors.New("there was none")
		}
		return err
	}
}

func TestDraftRefuses(t *testing.T) {
	fragment := apphost.NewDraft(smallSchema(t), document(t, "a", "<site />"))
	if err := fragment.Set(at("", rules), "unlisted", "true"); err == nil || !strings.Contains(err.Error(), "a:1:1: the root element is <site>") {
		t.Errorf("a fragment: %v", err)
	}
	const text = "<ftp><rules><add access=\"Deny\" users=\"A\" permissions=\"Read\" /></rules></ftp>"
	for name, test := range map[string]struct {
		edit func(*apphost.Draft) error
		want string
	}{
		"section":   {func(d *apphost.Draft) error { return d.Set(at("", "ftp/rule"), "a", "b") }, `there is no section "ftp/rule"; did you mean ftp/rules?`},
		"attribute": {func(d *apphost.Draft) error { return d.Set(at("", rules), "unlist", "b") }, `there is no attribute "unlist"`},
		"element":   {func(d *apphost.Draft) error { return d.Set(at("", rules, "limit"), "size", "1") }, `there is no element "limit"; did you mean limits?`},
		"value":     {func(d *apphost.Draft) error { return d.Set(at("", rules, "limits"), "size", "x") }, `size: "x" is not a whole number`},
		"entry":     {func(d *apphost.Draft) error { return d.Set(at("", rules, "users=B"), "access", "Allow") }, "no element of the collection has these values"},
		"duplicate": {func(d *apphost.Draft) error {
			return d.Add(at("", rules, "access=Allow,users=a,permissions=1"), nil, 0)
		}, `there is an entry with users="a" permissions="Read" already`},
		"inherited": {func(d *apphost.Draft) error {
			return d.Add(at("S", rules, "access=Allow,users=A,permissions=1"), nil, 0)
		}, "already"},
		"server only":   {func(d *apphost.Draft) error { return d.Add(at("S", "host/sites", "name=x"), nil, 0) }, "server level only"},
		"no collection": {func(d *apphost.Draft) error { return d.Clear(at("", rules, "limits")) }, "it is no collection"},
		"entry value":   {func(d *apphost.Draft) error { return d.Add(at("", rules, "access=Sometimes"), nil, 0) }, "is not one of Allow, Deny"},
		"no entry":      {func(d *apphost.Draft) error { return d.Remove(at("", rules, "users=Z")) }, "no element"},
	} {
		d := apphost.NewDraft(smallSchema(t), document(t, "a", wrap(text)))
		if err := test.edit(d); err == nil || !strings.Contains(err.Error(), test.want) || string(d.Text()) != wrap(text) {
			t.Errorf("%s: %v\n%s", name, err, d.Text())
		}
	}
}
