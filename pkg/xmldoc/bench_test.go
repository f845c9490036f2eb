package xmldoc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// large writes a document of many sites, a kilobyte each.
func large(sites int) []byte {
	var b strings.Builder
	b.WriteString("<configuration>\r\n    <sites>\r\n")
	for i := range sites {
		fmt.Fprintf(&b, "        <site name=\"Site %d\" id=\"%d\">\r\n", i, i+1)
		for j := range 10 {
			fmt.Fprintf(&b, "            <element name=\"value %d\" enabled='true' path=\"C:\\inetpub\\%d\" />\r\n", j, i)
		}
		b.WriteString("        </site>\r\n")
	}
	b.WriteString("    </sites>\r\n</configuration>\r\n")
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, sites := range []int{1000, 10000} {
		data := large(sites)
		b.Run(fmt.Sprintf("%dkB", len(data)>>10), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := xmldoc.Parse("a", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEdit(b *testing.B) {
	d, err := xmldoc.Parse("a", large(10000))
	if err != nil {
		b.Fatal(err)
	}
	site := d.Root().ChildElements()[0].ChildElements()[5000]
	b.ReportAllocs()
	for b.Loop() {
		e := d.Edit()
		e.SetAttr(site, "id", "77777")
		if _, err := e.Apply(); err != nil {
			b.Fatal(err)
		}
	}
}
