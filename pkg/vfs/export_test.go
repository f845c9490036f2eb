package vfs

// HomesShown is how many homes some view shows, or showed a moment ago.
func HomesShown(n *Namespace) int {
	n.homes.mu.Lock()
	defer n.homes.mu.Unlock()
	return len(n.homes.shown)
}
