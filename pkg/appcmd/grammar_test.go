package appcmd

import (
	"reflect"
	"strings"
	"testing"
)

// What shells and tools leave of one and the same argument.
func TestQuotingSurvivors(t *testing.T) {
	const want = `/+[name='My FTP'].ftpServer.security.commandFiltering.[command='FEAT',allowed='False']`
	for name, arg := range map[string]string{
		"as it should be":      want,
		"dash":                 `-+[name='My FTP'].ftpServer.security.commandFiltering.[command='FEAT',allowed='False']`,
		"quotes around":        `"/+[name='My FTP'].ftpServer.security.commandFiltering.[command='FEAT',allowed='False']"`,
		"quotes behind +":      `/+"[name='My FTP'].ftpServer.security.commandFiltering.[command='FEAT',allowed='False']"`,
		"quotes behind /":      `/"+[name='My FTP'].ftpServer.security.commandFiltering.[command='FEAT',allowed='False']"`,
		"escaped quotes":       `\"/+[name='My FTP'].ftpServer.security.commandFiltering.[command='FEAT',allowed='False']\"`,
		"Puppet":               `/+[name=\'My FTP\'].ftpServer.security.commandFiltering.[command=\'FEAT\',allowed=\'False\']`,
		"double quotes inside": `/+[name="My FTP"].ftpServer.security.commandFiltering.[command="FEAT",allowed="False"]`,
		"quotes taken by sh":   `/+[name=My FTP].ftpServer.security.commandFiltering.[command=FEAT,allowed=False]`,
		"pasted from a page":   "\u201c/+[name=\u2018My FTP\u2019].ftpServer.security.commandFiltering.[command=\u2018FEAT\u2019,allowed=\u2018False\u2019]\u201d",
		"spaces":               `/+[ name = 'My FTP' ].ftpServer.security.commandFiltering.[ command='FEAT' , allowed='False' ]`,
		"no dot":               `/+[name='My FTP'].ftpServer.security.commandFiltering[command='FEAT',allowed='False']`,
	} {
		c, err := Parse([]string{"set", "config", arg})
		if err != nil || len(c.Params) != 1 || c.Params[0].String() != want {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	values := map[string]string{
		`/a:"60"`: "60", `"/a:60"`: "60", `/"a:60"`: "60", `/a:60`: "60", `/a:\"x y\"`: "x y", `/a:`: "", `/a:C:\x`: `C:\x`,
		`/a:say "hi"`: `say "hi"`, `-a:b`: "b", `/!a:b`: "b", `"/a:""60"""`: "60",
	}
	for arg, want := range values {
		c, err := Parse([]string{arg})
		if err != nil || len(c.Params) != 1 || c.Params[0].Value != want {
			t.Errorf("%s: %+v, %v", arg, c, err)
		}
	}
}

func TestIndexers(t *testing.T) {
	for arg, want := range map[string]string{
		`/+[@start,name='a']`:                         `/+[@start,name='a']`,
		`/+[@END,name='a']`:                           `/+[name='a']`,
		`/+[@3,name='a',b='']`:                        `/+[@3,name='a',b='']`,
		`/-[users='',roles='O''Neill']`:               `/-[users='',roles='O''Neill']`,
		`/-[roles='O'Neill',permissions='Read']`:      `/-[roles='O''Neill',permissions='Read']`,
		`/-[permissions=Read, Write,users=*]`:         `/-[permissions='Read, Write',users='*']`,
		`/+[value='a=b;c=[d]']`:                       `/+[value='a=b;c=[d]']`,
		`/~bindings`:                                  `/~bindings`,
		`/-[a='x'].[b='y'].c`:                         `/-[a='x'].[b='y'].c`,
		`/bindings.[protocol='ftp',i='*:21:'].i:1:2:`: `/bindings.[protocol='ftp',i='*:21:'].i:1:2:`,
	} {
		c, err := Parse([]string{arg})
		if err != nil || c.Params[0].String() != want {
			t.Errorf("%s: %+v, %v", arg, c, err)
		}
	}
	for _, arg := range []string{`/+[name='a]`, `/+[name]`, `/+[@x,name='a']`, `/+[='a']`, `/+[1='a']`, `/[`, `/+[@`, `/`, `/+`} {
		if c, err := Parse([]string{arg}); err == nil {
			t.Errorf("%s: %+v", arg, c.Params)
		} else if f := failureOf(err); f.code != codeInvalid {
			t.Errorf("%s: %d", arg, f.code)
		}
	}
}

// What is printed is read as the same again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"list\nsites", "set\nconfig\nMy Site/\n-section:x\n/+[@start,name='O''x',b=\"y\"].c.[d=e f]", "/a.b:\"60\"", "/!debug:1\n-", "/-[users='*']\n/~", "\"/\"\n/\"\n\\\"", "/[a='',b'c='",
		"/+[name='Default\nFTP\nSite']", "\u201c/x:\u201d", "/[x=\\'a\\']",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(strings.Split(text, "\n"))
		if err != nil {
			_ = failureOf(err).line()
			return
		}
		args := c.Args()
		again, err := Parse(args)
		if err != nil {
			t.Fatalf("%q is printed as %q: %v", text, args, err)
		}
		if !reflect.DeepEqual(again.Args(), args) {
			t.Fatalf("%q is printed as %q, then as %q", text, args, again.Args())
		}
	})
}
