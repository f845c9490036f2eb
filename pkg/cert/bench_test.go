package cert

import (
	"fmt"
	"runtime"
	"testing"
)

const many = 1000

func manyCertificates(b *testing.B) (*house, []string) {
	b.Helper()
	h := open(b)
	var thumbprints []string
	for i := range many {
		n := fmt.Sprintf("site%04d.example.com", i)
		c := issue(b, nil, nil, n)
		h.put("MY/"+n+".pem", c.bundle(b))
		thumbprints = append(thumbprints, c.thumbprint())
	}
	return h, thumbprints
}

// BenchmarkStore: a thousand certificates, found and used by every handshake.
func BenchmarkStore(b *testing.B) {
	h, thumbprints := manyCertificates(b)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	e := h.find("MY", thumbprints[0])
	runtime.GC()
	runtime.ReadMemStats(&after)
	perCertificate := float64(after.HeapAlloc-before.HeapAlloc) / many

	b.Run("Find", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := h.Find("MY", thumbprints[i%many]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(perCertificate, "B/certificate")
	})
	b.Run("Current", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Current()
		}
	})
	b.Run("CurrentLooks", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.later(stale)
			e.Current()
		}
	})
	b.Run("Scan", func(b *testing.B) {
		for b.Loop() {
			if _, errs := h.List("MY"); len(errs) > 0 {
				b.Fatal(errs)
			}
		}
	})
	b.Run("FirstScan", func(b *testing.B) {
		for b.Loop() {
			if _, err := Open(h.dir).Find("MY", thumbprints[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
