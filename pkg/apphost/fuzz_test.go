package apphost_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// payload is what the encrypted values of the seeds have inside.
const payload = "c2VjcmV0"

// FuzzLoad holds that any document is either refused with placed, short
// findings or can be walked from end to end, and that no encrypted payload
// gets into a message.
func FuzzLoad(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Add(farm(2))
	s := realSchema(f)
	marked := regexp.MustCompile(`\[enc:[^"<>]*`)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := xmldoc.Parse("f", data)
		if err != nil {
			return
		}
		cfg, problems := apphost.Load(s, doc)
		// Without the mark of an encrypted value before it, it is any text.
		secret := !bytes.Contains(marked.ReplaceAll(data, nil), []byte(payload))
		for _, p := range problems {
			if p.Pos.File != "f" || p.Pos.Line < 1 || p.Pos.Col < 1 {
				t.Errorf("a finding without a place: %v", p)
			}
			if len(p.Msg) > 1500 || secret && strings.Contains(p.Msg, payload) {
				t.Errorf("a message that says too much: %v", p)
			}
		}
		if (cfg == nil) != (problems.Errors() > 0) {
			t.Fatalf("configuration %v with %d errors", cfg != nil, problems.Errors())
		}
		if cfg == nil {
			return
		}
		for _, section := range s.Sections() {
			for _, location := range []string{"", "Site", "Site/a/b"} {
				walk(t, cfg.Section(section.Path, location))
			}
			for _, l := range cfg.Locations(section.Path, "Site") {
				walk(t, l.Element)
				l.Element.Own()
			}
		}
	})
}

// walk reads everything of an element.
func walk(t *testing.T, e *apphost.Element) {
	for _, a := range e.Schema().Attributes {
		v := e.Attr(a.Name)
		if v.Set != (v.Pos().Line > 0) || v.Set == (v.Origin() == "default") {
			t.Errorf("%s/@%s: set %v at %v", e.Schema().Path, a.Name, v.Set, v.Pos())
		}
		v.Bool()
		v.Int()
		v.Duration()
		v.Encrypted()
	}
	for _, c := range e.Schema().Elements {
		walk(t, e.Child(c.Name))
	}
	for _, c := range e.Schema().Collections {
		for _, entry := range e.EntriesOf(c.Add) {
			if !entry.Present() {
				t.Errorf("%s: an entry that stands nowhere", c.Entry.Path)
			}
			walk(t, entry)
		}
	}
}

// seeds are small documents that reach each part of the loader.
var seeds = []string{
	`<configuration><configSections><sectionGroup name="system.ftpServer"><section name="log" allowDefinition="AppHostOnly"/></sectionGroup></configSections></configuration>`,
	`<configuration><system.ftpServer><security><authorization><add accessType="Allow" users="*" permissions="Read, 2"/><remove users="*" permissions="3"/><clear/></authorization></security></system.ftpServer></configuration>`,
	`<configuration><location path="Site/a"><system.ftpServer><security><authorization><remove users="x"/></authorization><requestFiltering><fileExtensions allowUnlisted="false"><add fileExtension=".exe" allowed="false"/></fileExtensions></requestFiltering></security></system.ftpServer></location></configuration>`,
	`<configuration><system.applicationHost><sites><site name="Site" id="1"><application path="/"><virtualDirectory path="/" physicalPath="%SystemDrive%\x" password="[enc:AesProvider:c2VjcmV0:enc]"/></application><bindings><binding protocol="ftp" bindingInformation="*:21:"/></bindings><ftpServer><security><ssl controlChannelPolicy="0"/></security></ftpServer></site><siteDefaults><bindings><clear/></bindings></siteDefaults><virtualDirectoryDefaults physicalPath="d"/></sites></system.applicationHost></configuration>`,
	`<Configuration><Location Path="." overrideMode="Deny" allowOverride="x"><SYSTEM.FTPSERVER><Log/></SYSTEM.FTPSERVER></Location></Configuration>`,
	`<configuration><localAccounts><users><add name="u" password="[enc:P:c2VjcmV0:enc]"/></users><groups><group name="g"><add user="u"/></group></groups></localAccounts></configuration>`,
}
