package apphost_test

import (
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// small is a schema with one of everything.
const small = `<configSchema>
  <sectionGroup name="ftp" />
  <sectionSchema name="host/sites" allowDefinition="AppHostOnly">
    <collection addElement="site" allowUnrecognizedAttributes="true" allowUnrecognizedElements="true">
      <attribute name="name" type="string" required="true" isUniqueKey="true" validationType="siteName" />
      <attribute name="id" type="uint" />
      <element name="bindings">
        <collection addElement="binding" clearElement="clear">
          <attribute name="protocol" type="string" required="true" isCombinedKey="true" validationType="nonEmptyString" />
          <attribute name="information" type="string" required="true" isCombinedKey="true" />
        </collection>
      </element>
      <collection addElement="application">
        <attribute name="path" type="string" required="true" isUniqueKey="true" validationType="applicationPath" />
        <attribute name="pool" type="string" defaultValue="DefaultAppPool" />
        <collection addElement="virtualDirectory">
          <attribute name="path" type="string" isUniqueKey="true" defaultValue="/" />
          <attribute name="physicalPath" type="string" expanded="true" />
          <attribute name="password" type="string" encrypted="true" caseSensitive="true" defaultValue="[enc:AesProvider::enc]" validationType="requireTrimmedString" />
        </collection>
        <element name="virtualDirectoryDefaults"><attribute name="physicalPath" type="string" expanded="true" /></element>
      </collection>
      <element name="applicationDefaults"><attribute name="pool" type="string" /></element>
      <element name="virtualDirectoryDefaults"><attribute name="physicalPath" type="string" expanded="true" /></element>
      <element name="ftpServer"><attribute name="timeout" type="int" defaultValue="30" validationType="integerRange" validationParameter="0,65535" /></element>
    </collection>
    <element name="siteDefaults">
      <element name="bindings">
        <collection addElement="binding" clearElement="clear">
          <attribute name="protocol" type="string" required="true" isCombinedKey="true" />
          <attribute name="information" type="string" required="true" isCombinedKey="true" />
        </collection>
      </element>
      <element name="ftpServer"><attribute name="timeout" type="int" defaultValue="30" validationType="integerRange" validationParameter="0,65535" /></element>
    </element>
    <element name="applicationDefaults"><attribute name="pool" type="string" /></element>
    <element name="virtualDirectoryDefaults"><attribute name="physicalPath" type="string" expanded="true" /></element>
  </sectionSchema>
  <sectionSchema name="ftp/rules">
    <attribute name="unlisted" type="bool" defaultValue="true" />
    <collection addElement="add" removeElement="remove" clearElement="clear">
      <attribute name="access" type="enum" required="true"><enum name="Allow" value="0" /><enum name="Deny" value="1" /></attribute>
      <attribute name="users" type="string" isCombinedKey="true" />
      <attribute name="permissions" type="flags" isCombinedKey="true"><flag name="Read" value="1" /><flag name="Write" value="2" /></attribute>
    </collection>
    <element name="limits"><attribute name="size" type="uint" defaultValue="100" /></element>
  </sectionSchema>
  <sectionSchema name="ftp/types">
    <attribute name="bool" type="bool" />
    <attribute name="enum" type="enum" defaultValue="One"><enum name="One" value="1" /><enum name="Two" value="2" /></attribute>
    <attribute name="flags" type="flags"><flag name="A" value="1" /><flag name="B" value="2" /><flag name="C" value="4" /></attribute>
    <attribute name="int" type="int" />
    <attribute name="uint" type="uint" />
    <attribute name="int64" type="int64" />
    <attribute name="string" type="string" defaultValue="d" />
    <attribute name="span" type="timeSpan" defaultValue="00:02:00" />
    <attribute name="seconds" type="timeSpan" timeSpanFormat="seconds" />
    <attribute name="minutes" type="timeSpan" timeSpanFormat="minutes" allowInfinite="true" />
    <attribute name="range" type="uint" defaultValue="5" validationType="integerRange" validationParameter="1,10" />
    <attribute name="excluded" type="uint" validationType="integerRange" validationParameter="1,1023,exclude" />
    <attribute name="spanRange" type="timeSpan" defaultValue="00:00:30" validationType="timeSpanRange" validationParameter="10,60,10" />
    <attribute name="nonEmpty" type="string" defaultValue="x" validationType="nonEmptyString" />
    <attribute name="trimmed" type="string" validationType="requireTrimmedString" />
    <attribute name="vdir" type="string" defaultValue="/" validationType="virtualDirectoryPath" />
    <attribute name="state" type="enum" runtime="true"><enum name="Started" value="1" /></attribute>
  </sectionSchema>
  <sectionSchema name="ftp/first">
    <collection addElement="add" clearElement="clear" removeElement="remove" mergeAppend="false">
      <attribute name="name" type="string" isUniqueKey="true" caseSensitive="true" />
    </collection>
  </sectionSchema>
  <sectionSchema name="ftp/many">
    <collection addElement="add" allowDuplicates="true"><attribute name="name" type="string" isUniqueKey="true" /></collection>
    <collection addElement="group">
      <attribute name="name" type="string" isUniqueKey="true" />
      <collection addElement="add"><attribute name="user" type="string" isUniqueKey="true" /></collection>
    </collection>
  </sectionSchema>
</configSchema>`

func schemaOf(t testing.TB, texts ...string) (*apphost.Schema, error) {
	t.Helper()
	var docs []*xmldoc.Document
	for _, text := range texts {
		docs = append(docs, document(t, "schema.xml", text))
	}
	return apphost.ParseSchema(docs...)
}

func smallSchema(t testing.TB) *apphost.Schema {
	t.Helper()
	s, err := schemaOf(t, small)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(t testing.TB, name, text string) *xmldoc.Document {
	t.Helper()
	d, err := xmldoc.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// load reads a configuration that must be accepted, in the small schema. The
// text is what stands inside <configuration>.
func load(t testing.TB, text string) *apphost.Configuration {
	t.Helper()
	cfg, problems := apphost.Load(smallSchema(t), document(t, "a", wrap(text)))
	if cfg == nil {
		t.Fatalf("%s\n%v", text, problems)
	}
	return cfg
}

func wrap(text string) string { return "<configuration>\n" + text + "\n</configuration>" }

func TestSchema(t *testing.T) {
	s := smallSchema(t)
	var paths []string
	for _, section := range s.Sections() {
		paths = append(paths, section.Path)
	}
	if got := strings.Join(paths, " "); got != "ftp/first ftp/many ftp/rules ftp/types host/sites" {
		t.Errorf("sections %s", got)
	}
	site := s.Section("HOST/Sites").Collection("site").Entry
	if got := site.Element("ftpserver").Path; got != "host/sites/site/ftpServer" {
		t.Errorf("path %s", got)
	}
	low, high, exclude, ok := s.Section("ftp/types").Attribute("excluded").Range()
	if low != 1 || high != 1023 || !exclude || !ok {
		t.Errorf("range %d %d %v %v", low, high, exclude, ok)
	}
	if keys := s.Section("ftp/rules").Collections[0].Entry.Keys(); len(keys) != 2 || keys[0].Name != "users" || keys[1].Name != "permissions" {
		t.Errorf("keys %v", keys)
	}
	if !s.Section("host/sites").ServerOnly || s.Section("ftp/rules").ServerOnly {
		t.Error("allowDefinition was not read")
	}
}

func TestSchemaDocumentsExtendEachOther(t *testing.T) {
	s, err := schemaOf(t, small, `<configSchema><sectionSchema name="host/sites">
		<collection addElement="site"><element name="ftpServer"><attribute name="utf8" type="bool" defaultValue="true" /></element></collection>
	</sectionSchema></configSchema>`)
	if err != nil {
		t.Fatal(err)
	}
	ftp := s.Section("host/sites").Collection("site").Entry.Element("ftpServer")
	if ftp.Attribute("timeout") == nil || ftp.Attribute("utf8") == nil {
		t.Error("the two documents were not joined")
	}
}

func TestSchemaRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`<a/>`, "schema.xml:1:1: schema: the root element is <a>"},
		{`<configSchema><b/></configSchema>`, "<b> is not a named sectionSchema or sectionGroup"},
		{`<configSchema><sectionSchema name="s"><c/></sectionSchema></configSchema>`, "<c> has no meaning here"},
		{`<configSchema><sectionSchema name="s"><collection/></sectionSchema></configSchema>`, "a collection needs addElement"},
		{`<configSchema><sectionSchema name="s"><attribute name="a" type="bool"/><attribute name="a" type="bool"/></sectionSchema></configSchema>`, "attribute a is declared twice"},
		{`<configSchema><sectionSchema name="s"><attribute name="a" type="bool" defaultValue="maybe"/></sectionSchema></configSchema>`, `default: "maybe" is not true or false`},
		{`<configSchema><sectionSchema name="s"><attribute name="a" type="uint" defaultValue="11" validationType="integerRange" validationParameter="1,10"/></sectionSchema></configSchema>`, "default: 11 is not between 1 and 10"},
		{`<configSchema><sectionSchema name="s"><attribute name="a" type="uint" validationType="integerRange" validationParameter="one"/></sectionSchema></configSchema>`, `validationParameter "one" is not a range`},
		{`<configSchema><sectionSchema name="s"><attribute name="a" type="enum"><enum name="x"/></attribute></sectionSchema></configSchema>`, "is not an enum or flag with a number"},
		{`<configSchema><sectionSchema name="s"><attribute type="bool"/></sectionSchema></configSchema>`, "the name is missing"},
		{`<configSchema><sectionSchema name="s"><attribute name="a" type="date" defaultValue="x"/></sectionSchema></configSchema>`, `type "date" is not one of the schema language`},
		{`<configSchema><sectionSchema name="s"><attribute name="a" type="date"/></sectionSchema></configSchema>`, `type "date" is not one of the schema language`},
		{`<configSchema><sectionSchema name="s"><element/></sectionSchema></configSchema>`, "an element needs a name"},
	} {
		s, err := schemaOf(t, c.text)
		if err == nil || s != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n%v, want %q", c.text, err, c.want)
		}
	}
}
