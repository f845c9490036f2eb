package main

import "os"

// notifyReload does nothing: Windows has no such signal.
func notifyReload(chan<- os.Signal) {}
