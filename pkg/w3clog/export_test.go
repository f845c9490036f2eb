package w3clog

// Tick is what Run does every second when nothing may wait longer.
func (f *Files) Tick() { f.write(true) }

// Streams counts the directories that are kept in memory.
func (f *Files) Streams() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.streams)
}
