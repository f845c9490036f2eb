package apphost_test

import (
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// TestFindings holds each thing that can be wrong to its words and place. The
// text stands inside <configuration>, which is line 1.
func TestFindings(t *testing.T) {
	s := smallSchema(t)
	for _, c := range []struct {
		name, text string
		want       []string // "error: " or "warning: " and the finding
	}{
		{name: "nothing", text: ""},
		{name: "somebody else's", text: `<system.webServer><rewrite x="y"><z/></rewrite></system.webServer><appSettings>text</appSettings>`},
		{name: "the frame in another case", text: `<Location Path="x" />`, want: []string{
			`warning: a:2:1: location: <Location> is spelled location; IIS tells upper and lower case apart here`,
			`error: a:2:11: location: unrecognized attribute "Path"; did you mean path?`,
		}},
		{name: "a group in another case", text: `<FTP><rules /></FTP>`, want: []string{
			`warning: a:2:1: FTP: <FTP> is spelled ftp; IIS tells upper and lower case apart here`,
			`warning: a:2:6: ftp/rules: <FTP/rules> is spelled ftp/rules; IIS tells upper and lower case apart here`,
		}},
		{name: "unknown in our group", text: `<ftp><ruls /></ftp>`, want: []string{
			`error: a:2:6: ftp: unrecognized element <ruls>; did you mean rules?`,
		}},
		{name: "a slip elsewhere", text: `<host><site /></host><hosts />`, want: []string{
			`warning: a:2:7: host: <site> is left alone; did you mean sites?`,
			`warning: a:2:22: <hosts> is left alone; did you mean host?`,
		}},
		{name: "attribute", text: `<ftp><rules unlistd="true" other="1" /></ftp>`, want: []string{
			`error: a:2:13: ftp/rules: unrecognized attribute "unlistd" on <rules>; did you mean unlisted?`,
			`error: a:2:28: ftp/rules: unrecognized attribute "other" on <rules>`,
		}},
		{name: "attribute in another case", text: `<ftp><rules Unlisted="False" /></ftp>`, want: []string{
			`warning: a:2:13: ftp/rules: attribute Unlisted is spelled unlisted; IIS tells upper and lower case apart here`,
		}},
		{name: "element", text: `<ftp><rules><limit /><x /></rules></ftp>`, want: []string{
			`error: a:2:13: ftp/rules: unrecognized element <limit> in <rules>; did you mean limits?`,
			`error: a:2:22: ftp/rules: unrecognized element <x> in <rules>`,
		}},
		{name: "element twice", text: "<ftp><rules>\n<limits /><limits /></rules></ftp>", want: []string{
			`error: a:3:11: ftp/rules: <limits> stands here a second time; the first is at a:3:1`,
		}},
		{name: "text", text: `<ftp><rules>hello</rules></ftp>`, want: []string{
			`warning: a:2:6: ftp/rules: <rules> has text in it, which means nothing`,
		}},
		{name: "section twice", text: "<ftp><rules /></ftp>\n<ftp><rules /></ftp>", want: []string{
			`error: a:3:6: ftp/rules: the section stands here a second time at the server level; the first is at a:2:6`,
		}},
		{name: "section at the server level twice", text: "<ftp><rules /></ftp>\n<location path='.'><ftp><rules /></ftp></location>", want: []string{
			`error: a:3:25: ftp/rules: the section stands here a second time at the server level; the first is at a:2:6`,
		}},
		{name: "section in a location twice", text: "<location path='Site/A'><ftp><rules /></ftp></location>\n<location path='/site/a/'><ftp><rules /></ftp></location>", want: []string{
			`error: a:3:32: ftp/rules: the section stands here a second time for location "site/a"; the first is at a:2:30`,
		}},
		{name: "two sections for one location", text: "<location path='s'><ftp><rules /></ftp></location><location path='s'><ftp><types /></ftp></location>"},
		{name: "server section in a location", text: "<location path='s'><host><sites /></host></location>", want: []string{
			`error: a:2:26: host/sites: the section stands at the server level only, not in a location`,
		}},
		{name: "location of the server level", text: "<location><host><sites /></host></location>"},
		{name: "location in location", text: "<location path='s'><location path='t' /></location>", want: []string{
			`error: a:2:20: location: a location cannot stand in another; give the whole path in one`,
		}},
		{name: "location attributes", text: `<location path="s" overrideMode="Maybe" inheritInChildApplications="false" x="1" />`, want: []string{
			`error: a:2:20: location: overrideMode "Maybe" is not one of Allow, Deny, Inherit`,
			`error: a:2:76: location: unrecognized attribute "x"`,
		}},
		{name: "endless paths", text: "<location path='s/" + strings.Repeat("a", 5000) + "' />\n<location path='" + strings.Repeat("a/", 200) + "' />", want: []string{
			`error: a:2:11: location: path is longer than 4096 bytes or deeper than 128 segments: nothing can be there`,
			`error: a:3:11: location: path is longer than 4096 bytes or deeper than 128 segments: nothing can be there`,
		}},
		{name: "both locks", text: `<location path="s" allowOverride="False" overrideMode="Deny" />`, want: []string{
			`error: a:2:20: location: allowOverride and overrideMode say the same thing; keep overrideMode`,
		}},
		{name: "locks and builders", text: `<ftp><rules lockAttributes="*" lockElements="add" lockItem="true" configBuilders="x" xmlns:y="z" y:w="1"><add access="Deny" lockItem="true" /></rules></ftp>`},
		{name: "configSource", text: `<ftp><rules configSource="rules.config" /></ftp>`, want: []string{
			`error: a:2:13: ftp/rules: configSource is not supported: put the content of "rules.config" here`,
		}},
		{name: "missing", text: `<ftp><rules><add users="a" /></rules></ftp>`, want: []string{
			`error: a:2:13: ftp/rules: <add> has no attribute access, which is required`,
		}},
		{name: "words", text: `<ftp><rules><add access="Alow" permissions="Read, Wrte" /></rules></ftp>`, want: []string{
			`error: a:2:18: ftp/rules: access "Alow" is not one of Allow, Deny; did you mean Allow?`,
			`error: a:2:32: ftp/rules: permissions "Read, Wrte" has "Wrte", which is not one of Read, Write; did you mean Write?`,
		}},
		{name: "same entry twice", text: "<ftp><rules><add access='Allow' users='A' permissions='Read, Write' />\n<add access='Deny' users='a' permissions='3' /></rules></ftp>", want: []string{
			`error: a:3:1: ftp/rules: <add> with users="a" permissions="3" is there already, at a:2:13`,
		}},
		{name: "entry of a location there already", text: "<ftp><rules><add access='Allow' /></rules></ftp>\n<location path='s/t'><ftp><rules>\n<add access='Deny' /></rules></ftp></location>", want: []string{
			`error: a:4:1: ftp/rules: <add> with users="" permissions="" is there already, at a:2:13`,
		}},
		{name: "entry of a deeper location there already", text: "<location path='S/t'><ftp><rules>\n<add access='Allow' /></rules></ftp></location><location path='s'><ftp><rules>\n<add access='Deny' /></rules></ftp></location>", want: []string{
			`error: a:3:1: ftp/rules: <add> with users="" permissions="" is there already, at a:4:1`,
		}},
		{name: "duplicates allowed", text: "<ftp><many><add name='a' /><add name='A' /></many></ftp>"},
		{name: "case matters where it does", text: "<ftp><first><add name='a' /><add name='A' /></first></ftp>"},
		{name: "within an entry", text: "<ftp><many><group name='g'><add user='u' />\n<add user='U' /></group></many></ftp>", want: []string{
			`error: a:3:1: ftp/many: <add> with user="U" is there already, at a:2:28`,
		}},
		{name: "nothing to remove", text: "<ftp><rules><remove users='x' /></rules></ftp>", want: []string{
			`warning: a:2:13: ftp/rules: <remove> removes nothing: no inherited entry has these keys`,
		}},
		{name: "removed once for all below", text: "<ftp><rules><add access='Allow' users='x' /></rules></ftp><location path='s'><ftp><rules><remove users='X' permissions='None' /></rules></ftp></location>" +
			"<location path='s/a'><ftp><rules>\n<remove users='x' /></rules></ftp></location><location path='t'><ftp><rules><remove users='x' /></rules></ftp></location>", want: []string{
			`warning: a:3:1: ftp/rules: <remove> removes nothing: no inherited entry has these keys`,
		}},
		{name: "more than keys to remove", text: "<ftp><rules><add access='Allow' /><remove users='' access='Allow' /></rules></ftp>", want: []string{
			`error: a:2:52: ftp/rules: unrecognized attribute "access" on <remove>`,
		}},
		{name: "site", text: "<host><sites><site name='a?b' owner='me' Nam='x'><limits max='1'/><ftpServr /></site></sites></host>", want: []string{
			`error: a:2:20: host/sites: name "a?b" is not a site name: it must not be empty or contain "/" or "?"`,
			`warning: a:2:42: host/sites: attribute "Nam" on <site> has no effect; did you mean name?`,
			`warning: a:2:67: host/sites: <ftpServr> in <site> has no effect; did you mean ftpServer?`,
		}},
		{name: "unknown in the strict part of a site", text: "<host><sites><site name='a'><ftpServer x='1' /></site></sites></host>", want: []string{
			`error: a:2:40: host/sites: unrecognized attribute "x" on <ftpServer>`,
		}},
		{name: "same site", text: "<host><sites><site name='Ab' />\n<site name='aB' /></sites></host>", want: []string{
			`error: a:3:1: host/sites: <site> with name="aB" is there already, at a:2:14`,
		}},
		{name: "no site name", text: "<host><sites><site id='1' /></sites></host>", want: []string{
			`error: a:2:14: host/sites: <site> has no attribute name, which is required`,
		}},
		{name: "paths", text: "<host><sites><site name='a'><application path='x' /><application path='/x/' /><application path='/a/../b' /></site></sites></host>", want: []string{
			`error: a:2:42: host/sites: path "x" must begin with "/"`,
			`error: a:2:66: host/sites: path "/x/" must not end with "/"`,
			`error: a:2:92: host/sites: path "/a/../b" must not have the segment ".."`,
		}},
		{name: "bindings of the defaults", text: "<host><sites><siteDefaults><bindings><binding protocol='ftp' information='*:21:' /></bindings></siteDefaults><site name='a'><bindings>\n<binding protocol='FTP' information='*:21:' /></bindings></site></sites></host>", want: []string{
			`error: a:3:1: host/sites: <binding> with protocol="FTP" information="*:21:" is there already, at a:2:38`,
		}},
		{name: "secret", text: "<host><sites><site name='a'><application path='/'><virtualDirectory password='[enc:IISCngProvider:c2VjcmV0:enc]' /><virtualDirectory path='/b' password=' s3cret ' /></application></site></sites></host>", want: []string{
			`warning: a:2:69: host/sites: password is encrypted with the keys of another machine (IISCngProvider) and cannot be read here; write a new value where it is needed`,
			`error: a:2:144: host/sites: password (a secret, not shown) does not obey requireTrimmedString`,
		}},
		{name: "runtime", text: "<ftp><types state='Whatever' /></ftp>"},
		{name: "configSections", text: `<configSections><sectionGroup name="ftp"><section name="rules" overrideModeDefault="Deny" allowDefinition="MachineToApplication" /><section name="types" allowLocation="False" /><section name="first" allowDefinition="AppHostOnly" /><section name="mine" /></sectionGroup></configSections>` +
			"\n<ftp><mine /><many /></ftp>\n<location path='s'><ftp><rules />\n<types />\n<first /></ftp></location>", want: []string{
			`warning: a:3:14: ftp/many: the section is not registered in configSections; IIS would refuse the file`,
			`error: a:5:1: ftp/types: the section is registered with allowLocation="false" and cannot stand in a location`,
			`error: a:6:1: ftp/first: the section stands at the server level only, not in a location`,
		}},
		{name: "broken configSections", text: "<ftp />\n<configSections><section /><sectionGroup name='g'><section name='s' overrideModeDefault='x' allowDefinition='y' /><section name='S' /><x /></sectionGroup></configSections>\n<configSections />", want: []string{
			`error: a:3:1: configSections: configSections must be the first element of the file`,
			`error: a:3:17: configSections: <section> has no name`,
			`warning: a:3:69: configSections: overrideModeDefault "x" is not one of Allow, Deny`,
			`warning: a:3:93: configSections: allowDefinition "y" is not one of Everywhere, MachineOnly, MachineToWebRoot, MachineToApplication, AppHostOnly`,
			`error: a:3:115: configSections: section "g/S" is registered twice`,
			`error: a:3:135: configSections: unrecognized element <x>; here stand section and sectionGroup`,
			`error: a:4:1: configSections: configSections stands here a second time; a file has one`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, problems := apphost.Load(s, document(t, "a", wrap(c.text)))
			var got []string
			for _, p := range problems {
				kind := "error: "
				if p.Warning {
					kind = "warning: "
				}
				got = append(got, kind+p.Error())
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if (cfg == nil) != (problems.Errors() > 0) {
				t.Errorf("%d errors and a configuration of %v", problems.Errors(), cfg)
			}
		})
	}
}

func TestRootThatIsNoConfiguration(t *testing.T) {
	_, problems := apphost.Load(smallSchema(t), document(t, "a", "<site name='x' />"))
	if want := "a:1:1: the root element is <site>, not <configuration>: this is a fragment or another kind of file"; problems.Error() != want {
		t.Errorf("%v, want %s", problems, want)
	}
}

func TestEverythingWrongAtOnceInOrder(t *testing.T) {
	s := smallSchema(t)
	cfg, problems := apphost.Load(s,
		document(t, "b", wrap("<ftp><rules unlisted='x' />\n<types int='y' /></ftp>")),
		document(t, "a", wrap("<ftp><rules /></ftp>")))
	want := "a:2:6: ftp/rules: the section stands here a second time at the server level; the first is at b:2:6\n" +
		"b:2:13: ftp/rules: unlisted \"x\" is not true or false\n" +
		"b:3:8: ftp/types: int \"y\" is not a whole number"
	var got []string
	for _, p := range problems {
		got = append(got, p.Error())
	}
	if cfg != nil || strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if want := `a:2:6: ftp/rules: the section stands here a second time at the server level; the first is at b:2:6 (and 2 more)`; problems.Error() != want {
		t.Errorf("the list reads %q", problems.Error())
	}
}

func TestFindingsAreBounded(t *testing.T) {
	_, problems := apphost.Load(smallSchema(t), document(t, "a", wrap("<ftp><rules>"+strings.Repeat("<x/>\n", 50000)+"</rules></ftp>")))
	last := problems[len(problems)-1]
	if len(problems) != 10000 || !strings.HasSuffix(last.Msg, "(after 10000 of these the rest is not listed)") {
		t.Errorf("%d findings, the last %v", len(problems), last)
	}
}

func TestMessagesOfLongValuesAreShort(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	_, problems := apphost.Load(smallSchema(t), document(t, "a", wrap(
		"<"+long+"/><ftp><"+long+"/><types bool='"+long+"' enum='"+long+"' flags='"+long+"' int='"+long+"' uint='"+strings.Repeat("9", 1<<16)+"' span='"+long+"' trimmed=' "+long+"' vdir='"+long+"' "+long+"=''><"+long+"/></types></ftp>"+
			"<location path='"+long+"' "+long+"='' overrideMode='"+long+"' />")))
	if problems.Errors() < 10 {
		t.Errorf("%d errors", problems.Errors())
	}
	for _, p := range problems {
		if len(p.Error()) > 400 {
			t.Errorf("a message of %d bytes: %.200s", len(p.Error()), p.Error())
		}
	}
}

func TestDocumentsTogether(t *testing.T) {
	s := smallSchema(t)
	cfg, problems := apphost.Load(s,
		document(t, "one", wrap("<ftp><rules><add access='Allow' users='a' /></rules></ftp>")),
		document(t, "two", wrap("<location path='s'><ftp><rules><add access='Deny' users='b' /></rules></ftp></location>")))
	if cfg == nil {
		t.Fatal(problems)
	}
	entries := cfg.Section("ftp/rules", "S").Entries()
	if len(entries) != 2 || entries[0].Pos().String() != "one:2:13" || entries[1].Pos().String() != "two:2:32" {
		t.Errorf("%v", entries)
	}
	var none xmldoc.Pos
	if got := cfg.Section("ftp/types", "").Pos(); got != none {
		t.Errorf("an absent section is at %v", got)
	}
}
