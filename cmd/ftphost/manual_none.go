//go:build !manual

package main

import "github.com/spf13/cobra"

// generators are no part of the program: their libraries would make it larger.
func generators() []*cobra.Command { return nil }
