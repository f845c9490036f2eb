package apphost_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/apphost"
	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// farm writes a file of many sites with a location each, as a hoster's tool
// would: a kilobyte for each site.
func farm(sites int) []byte {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n    <system.applicationHost>\r\n        <sites>\r\n")
	for i := range sites {
		fmt.Fprintf(&b, "            <site name=\"customer%05d.example\" id=\"%d\" serverAutoStart=\"true\">\r\n", i, i+1)
		fmt.Fprintf(&b, "                <application path=\"/\">\r\n                    <virtualDirectory path=\"/\" physicalPath=\"D:\\inetpub\\customer%05d\\ftproot\" />\r\n", i)
		fmt.Fprintf(&b, "                    <virtualDirectory path=\"/shared\" physicalPath=\"D:\\inetpub\\shared\" />\r\n                </application>\r\n")
		fmt.Fprintf(&b, "                <bindings>\r\n                    <binding protocol=\"ftp\" bindingInformation=\"*:21:customer%05d.example\" />\r\n                </bindings>\r\n", i)
		b.WriteString("                <ftpServer>\r\n                    <security>\r\n                        <ssl controlChannelPolicy=\"SslAllow\" dataChannelPolicy=\"SslAllow\" />\r\n" +
			"                        <authentication>\r\n                            <basicAuthentication enabled=\"true\" />\r\n                        </authentication>\r\n                    </security>\r\n" +
			"                    <userIsolation mode=\"None\" />\r\n                </ftpServer>\r\n            </site>\r\n")
	}
	b.WriteString("            <siteDefaults>\r\n                <ftpServer>\r\n                    <directoryBrowse showFlags=\"DisplayVirtualDirectories\" />\r\n                </ftpServer>\r\n            </siteDefaults>\r\n        </sites>\r\n    </system.applicationHost>\r\n" +
		"    <system.ftpServer>\r\n        <security>\r\n            <authorization>\r\n                <add accessType=\"Allow\" roles=\"administrators\" permissions=\"Read, Write\" />\r\n            </authorization>\r\n        </security>\r\n    </system.ftpServer>\r\n")
	for i := range sites {
		fmt.Fprintf(&b, "    <location path=\"customer%05d.example\">\r\n        <system.ftpServer>\r\n            <security>\r\n                <authorization>\r\n"+
			"                    <add accessType=\"Allow\" users=\"customer%05d\" permissions=\"Read, Write\" />\r\n                    <add accessType=\"Allow\" users=\"?\" permissions=\"Read\" />\r\n"+
			"                </authorization>\r\n            </security>\r\n        </system.ftpServer>\r\n    </location>\r\n", i, i)
	}
	b.WriteString("</configuration>\r\n")
	return []byte(b.String())
}

// BenchmarkLoad parses and loads whole files. "x-file-live" is what stays in
// memory afterwards, as a multiple of the file.
func BenchmarkLoad(b *testing.B) {
	s := realSchema(b)
	for _, sites := range []int{5000, 10000, 20000} {
		data := farm(sites)
		b.Run(fmt.Sprintf("%dsites", sites), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			before := live()
			var cfg *apphost.Configuration
			for b.Loop() {
				doc, err := xmldoc.Parse("applicationHost.config", data)
				if err != nil {
					b.Fatal(err)
				}
				var problems apphost.ErrorList
				if cfg, problems = apphost.Load(s, doc); cfg == nil {
					b.Fatal(problems)
				}
			}
			b.ReportMetric((live()-before)/float64(len(data)), "x-file-live")
			runtime.KeepAlive(cfg)
		})
	}
}

func live() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkLoadRules loads a thousand rules that ten thousand locations
// inherit.
func BenchmarkLoadRules(b *testing.B) {
	var text strings.Builder
	rule := func(i int) {
		fmt.Fprintf(&text, "<add accessType='Allow' users='user%d' permissions='Read' />", i)
	}
	const begin, end = "<system.ftpServer><security><authorization>", "</authorization></security></system.ftpServer>\n"
	text.WriteString(begin)
	for i := range 1000 {
		rule(i)
	}
	text.WriteString(end)
	for i := range 10000 {
		fmt.Fprintf(&text, "<location path='Site/%d'>"+begin, i)
		rule(1000)
		text.WriteString(end + "</location>")
	}
	s, doc := realSchema(b), document(b, "a", wrap(text.String()))
	b.ReportAllocs()
	for b.Loop() {
		if cfg, problems := apphost.Load(s, doc); cfg == nil {
			b.Fatal(problems)
		}
	}
}

// BenchmarkLookup finds sections among ten thousand sites.
func BenchmarkLookup(b *testing.B) {
	const section = "system.ftpServer/security/authorization"
	cfg, problems := apphost.Load(realSchema(b), document(b, "a", string(farm(10000))))
	if cfg == nil {
		b.Fatal(problems)
	}
	b.Run("Section", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !cfg.Section(section, "customer07777.example/a/b").Present() {
				b.Fatal("not there")
			}
		}
	})
	b.Run("Locations", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if len(cfg.Locations(section, "customer07777.example")) != 1 {
				b.Fatal("not there")
			}
		}
	})
}

// BenchmarkLoadHostile loads megabytes of what no administrator writes: each
// must cost a small multiple of reading it.
func BenchmarkLoadHostile(b *testing.B) {
	s := realSchema(b)
	rules := func(text string) string {
		return wrap("<system.ftpServer><security><authorization>" + text + "</authorization></security></system.ftpServer>")
	}
	many := func(n int, format string) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, format, i)
		}
		return text.String()
	}
	for name, text := range map[string]string{
		"unknown elements":   rules(strings.Repeat("<x/>", 1<<19)),
		"unknown attributes": rules(strings.Repeat("<add "+many(500, "x%d='' ")+"/>", 500)),
		"duplicates":         rules(strings.Repeat("<add accessType='Allow'/>", 1<<17)),
		"removals":           rules(many(1<<15, "<add accessType='Allow' users='%d'/>") + many(1<<15, "<remove users='%d'/>")),
		"deep locations":     wrap(many(1000, "<location path='s/"+strings.Repeat("abcdefghijklmnopqrstuvwxyz/", 120)+"%d'><system.ftpServer><security><authorization/></security></system.ftpServer></location>")),
	} {
		doc := document(b, "a", text)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				apphost.Load(s, doc)
			}
		})
	}
}
