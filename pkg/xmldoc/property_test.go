package xmldoc_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ftphost/ftphost/pkg/xmldoc"
)

// TestEditedDocumentReadsBackAsTheEditedTree makes random documents in every
// encoding, changes text and tree alike, and holds that the changed text
// parses to the changed tree.
func TestEditedDocumentReadsBackAsTheEditedTree(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		text := "<?xml version=\"1.0\"?>\n" + randomElement(r, 0) + "\n"
		for name, data := range encodings(text) {
			d, err := xmldoc.Parse("a", data)
			if err != nil {
				t.Fatalf("seed %d, %s: %v\n%s", seed, name, err, text)
			}
			model := d.Root().Copy()
			e := d.Edit()
			changeBoth(rand.New(rand.NewPCG(seed, 2)), e, d.Root(), model)
			out, err := e.Apply()
			if err != nil {
				t.Fatalf("seed %d, %s: %v\n%s", seed, name, err, text)
			}
			again, err := xmldoc.Parse("b", out)
			if err != nil {
				t.Fatalf("seed %d, %s: %v\n%s\nbecame\n%s", seed, name, err, text, out)
			}
			if got, want := shape(again.Root()), shape(model); got != want {
				t.Fatalf("seed %d, %s: %s\nbecame\n%s\nwhich reads\n%s\nwant\n%s", seed, name, text, out, got, want)
			}
		}
	}
}

// changeBoth makes the same changes to a document and to a model of its tree.
func changeBoth(r *rand.Rand, e *xmldoc.Edit, a, model *etree.Element) {
	kids, modelKids := a.ChildElements(), model.ChildElements()
	for i, kid := range kids {
		switch r.IntN(6) {
		case 0:
			e.Remove(kid)
			model.RemoveChild(modelKids[i])
		case 1:
			e.InsertBefore(kid, element("before", "x", "<é\n>"))
			model.InsertChildAt(modelKids[i].Index(), element("before", "x", "<é\n>"))
		case 2:
			e.InsertAfter(kid, element("after"))
			model.InsertChildAt(modelKids[i].Index()+1, element("after"))
			changeBoth(r, e, kid, modelKids[i])
		default:
			changeBoth(r, e, kid, modelKids[i])
		}
	}
	for _, key := range []string{"k1", "k2", "new"} {
		switch r.IntN(4) {
		case 0:
			value := []string{"", `'"`, "a&b", "\t\r\n", "寿"}[r.IntN(5)]
			e.SetAttr(a, key, value)
			model.CreateAttr(key, value)
		case 1:
			e.RemoveAttr(a, key)
			model.RemoveAttr(key)
		}
	}
	for range r.IntN(3) {
		child := element("child", "n", "1")
		child.AddChild(element("grandchild"))
		e.Append(a, child)
		model.AddChild(child.Copy())
	}
}

// randomElement writes an element in one of the many ways people do.
func randomElement(r *rand.Rand, depth int) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	name := pick("a", "bé", "x:c", "d.e")
	line := pick("", "\n", "\r\n", "\n\t") + strings.Repeat(pick(" ", "    "), depth)
	var b strings.Builder
	b.WriteString("<" + name)
	for i := range r.IntN(4) {
		q := pick(`"`, `'`)
		fmt.Fprintf(&b, "%sk%d%s=%s%s%s%s", pick(" ", "\n   "), i, pick("", " "), pick("", " "), q, pick("1", "/>", "&lt;", "é"), q)
	}
	if r.IntN(3) == 0 {
		return b.String() + pick("/>", " />", "\n/>")
	}
	b.WriteString(pick(">", " >", "\n>"))
	for range r.IntN(4) {
		if depth < 4 {
			b.WriteString(line + pick("", "", "<!-- <no> -->") + randomElement(r, depth+1))
		}
	}
	return b.String() + pick("", line, " ") + "</" + name + pick("", " ") + ">"
}

// shape is a tree without the space between elements. Attributes are sorted,
// because a new one stands last in a text and where it was in a tree.
func shape(e *etree.Element) string {
	attrs := make([]string, len(e.Attr))
	for i, a := range e.Attr {
		attrs[i] = fmt.Sprintf("%s=%q", a.FullKey(), a.Value)
	}
	slices.Sort(attrs)
	var kids []string
	for _, c := range e.ChildElements() {
		kids = append(kids, shape(c))
	}
	return e.FullTag() + fmt.Sprint(attrs, kids, strings.TrimSpace(e.Text()))
}
