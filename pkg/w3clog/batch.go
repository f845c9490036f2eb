package w3clog

// batch is lines in the order they came; each part of them belongs to one file
// and one header.
type batch struct {
	data  []byte
	parts []part
}

type part struct {
	at   int // where in data it begins
	turn int // which part of the queue's it is
	log  *Log
	name string // of the file, as in span
}

// end returns where part i ends.
func (b *batch) end(i int) int {
	if i+1 < len(b.parts) {
		return b.parts[i+1].at
	}
	return len(b.data)
}

// drop takes the first n bytes off, with the parts they were.
func (b *batch) drop(n int) {
	b.data = b.data[:copy(b.data, b.data[n:])]
	kept := b.parts[:0]
	for i, p := range b.parts {
		if i+1 < len(b.parts) && b.parts[i+1].at <= n {
			continue
		}
		p.at = max(p.at-n, 0)
		kept = append(kept, p)
	}
	if b.parts = kept; len(b.data) == 0 {
		b.parts = b.parts[:0]
	}
}
