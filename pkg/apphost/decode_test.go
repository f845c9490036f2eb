package apphost_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/apphost"
)

type accessType int

type ruleFields struct {
	Access      accessType `config:"access"`
	Users       string     `config:"users"`
	Permissions uint8      `config:"permissions"`
}

type rulesFields struct {
	Unlisted bool `config:"unlisted"`
	Limits   struct {
		Size uint32 `config:"size"`
	} `config:"limits"`
	Rules    []ruleFields `config:",collection"`
	Untagged func()
}

func TestDecode(t *testing.T) {
	cfg := load(t, `<ftp><rules><add access="Deny" users="u" permissions="Read, Write" /><add access="Allow" /><limits size="9" /></rules>
		<types span="1.00:00:00" int="-5" string="s" /></ftp>`)
	var rules rulesFields
	if err := apphost.Decode(cfg.Section("ftp/rules", "x"), &rules); err != nil {
		t.Fatal(err)
	}
	want := rulesFields{Unlisted: true, Rules: []ruleFields{{Access: 1, Users: "u", Permissions: 3}, {}}}
	want.Limits.Size = 9
	if !reflect.DeepEqual(rules, want) {
		t.Errorf("got %+v, want %+v", rules, want)
	}
	var types struct {
		Span   time.Duration `config:"span"`
		Int    int32         `config:"int"`
		String string        `config:"string"`
		Enum   int           `config:"enum"`
		Any    uint16        `config:"range"`
	}
	if err := apphost.Decode(cfg.Section("ftp/types", ""), &types); err != nil {
		t.Fatal(err)
	}
	if types.Span != 24*time.Hour || types.Int != -5 || types.String != "s" || types.Enum != 1 || types.Any != 5 {
		t.Errorf("%+v", types)
	}
	var many struct {
		Names []struct {
			N string `config:"name"`
		} `config:",collection"`
		Groups []struct {
			Name  string `config:"name"`
			Users []struct {
				U string `config:"user"`
			} `config:",collection"`
		} `config:"group"`
	}
	if err := apphost.Decode(load(t, "<ftp><many><add name='1'/><group name='g'><add user='u'/></group></many></ftp>").Section("ftp/many", ""), &many); err != nil {
		t.Fatal(err)
	}
	if len(many.Names) != 1 || len(many.Groups) != 1 || many.Groups[0].Users[0].U != "u" {
		t.Errorf("%+v", many)
	}
}

func TestDecodeOverwritesWhatWasThere(t *testing.T) {
	rules := rulesFields{Rules: []ruleFields{{Users: "old"}}}
	rules.Limits.Size = 1
	if err := apphost.Decode(load(t, "").Section("ftp/rules", ""), &rules); err != nil {
		t.Fatal(err)
	}
	if !rules.Unlisted || rules.Limits.Size != 100 || len(rules.Rules) != 0 {
		t.Errorf("%+v", rules)
	}
}

func TestDecodeRefuses(t *testing.T) {
	e := load(t, "").Section("ftp/rules", "")
	for want, dst := range map[string]any{
		"a pointer to a struct is needed": rulesFields{},
		`the schema has no "unlistd" for a bool`: &struct {
			X bool `config:"unlistd"`
		}{},
		"does not hold every bool": &struct {
			X int `config:"unlisted"`
		}{},
		"does not hold every uint": &struct {
			L struct {
				X int16 `config:"size"`
			} `config:"limits"`
		}{},
		`the schema has no "limits" for a int`: &struct {
			X int `config:"limits"`
		}{},
		`the schema has no "users" for a string`: &struct {
			X string `config:"users"`
		}{},
	} {
		if err := apphost.Decode(e, dst); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: %v, want %q", dst, err, want)
		}
	}
}

func TestCheckStruct(t *testing.T) {
	s := smallSchema(t).Section("ftp/rules")
	if missing, err := apphost.CheckStruct(s, reflect.TypeFor[rulesFields]()); err != nil || len(missing) != 0 {
		t.Errorf("%v, %v", missing, err)
	}
	type part struct {
		Rules []struct {
			U string `config:"users"`
		} `config:",collection"`
	}
	missing, err := apphost.CheckStruct(s, reflect.TypeFor[part]())
	if got := strings.Join(missing, " "); err != nil || got != "ftp/rules/@unlisted ftp/rules/limits ftp/rules/add/@access ftp/rules/add/@permissions" {
		t.Errorf("%s, %v", got, err)
	}
	type wrong struct {
		X bool `config:"x"`
	}
	if _, err := apphost.CheckStruct(s, reflect.TypeFor[wrong]()); err == nil {
		t.Error("a field without an attribute was accepted")
	}
}

func BenchmarkDecode(b *testing.B) {
	s := realSchema(b)
	cfg, problems := apphost.Load(s, document(b, "a", string(farm(10))))
	if cfg == nil {
		b.Fatal(problems)
	}
	site := cfg.Section("system.applicationHost/sites", "").Entries()[5]
	b.ReportAllocs()
	for b.Loop() {
		var f struct {
			Name string `config:"name"`
			FTP  struct {
				Messages struct {
					Banner string `config:"bannerMessage"`
				} `config:"messages"`
				Connections struct {
					Max uint32 `config:"maxConnections"`
				} `config:"connections"`
			} `config:"ftpServer"`
		}
		if err := apphost.Decode(site, &f); err != nil {
			b.Fatal(err)
		}
	}
}
