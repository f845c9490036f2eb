package vpath_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/ftphost/ftphost/pkg/vpath"
)

// inUTF16 compares as Windows does: unit by unit, in upper case.
func inUTF16(a, b string) int {
	units := func(s string) []uint16 {
		var runes []rune
		for _, r := range s {
			runes = append(runes, unicode.ToUpper(r))
		}
		return utf16.Encode(runes)
	}
	return cmp.Or(slices.Compare(units(a), units(b)), strings.Compare(a, b))
}

// Texts that begin alike, in parts of characters too, compare as others do.
func TestCompareInUTF16(t *testing.T) {
	pieces := []string{"a", "A", "b", "_", "ä", "Ä", "日", "\U0001F600", "\uFF21", "\xc3", "\xa4", "\x80", "\xff", "\xf0\x9f", "", "ı", "ſ", "I", "s", "12"}
	random := rand.New(rand.NewPCG(1, 2))
	text := func() (s string) {
		for range random.IntN(5) {
			s += pieces[random.IntN(len(pieces))]
		}
		return s
	}
	for range 50_000 {
		begin := text()
		a, b := begin+text(), begin+text()
		want := inUTF16(a, b)
		if got := vpath.Compare(a, b); got != want {
			t.Fatalf("Compare(%q, %q) = %d, want %d", a, b, got, want)
		}
		for _, common := range []int{0, vpath.Common(a, b)} {
			if got := cmp.Compare(vpath.Key(a[common:]), vpath.Key(b[common:])); got != 0 && got != want {
				t.Fatalf("keys of %q and %q without %d bytes: %d, want %d", a, b, common, got, want)
			}
		}
	}
}

func BenchmarkSort(b *testing.B) {
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("entry-%06d.txt", i)
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for b.Loop() {
		slices.SortFunc(slices.Clone(names), vpath.Compare)
	}
}
