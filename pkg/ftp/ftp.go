// Package ftp has the words of the protocol and their form on the wire:
// command lines, replies, addresses and times. It never opens a socket or a
// file, and knows no reply text.
package ftp

import "errors"

// What may be wrong with what a client sent.
var (
	// ErrSyntax means that a line or an argument is not what it should be.
	ErrSyntax = errors.New("syntax error")
	// ErrFamily means a network protocol other than IPv4 and IPv6 (RFC 2428 §2).
	ErrFamily = errors.New("network protocol not supported, use 1 or 2")
	// ErrBareLF means that a line ended with LF alone. Reading can go on.
	ErrBareLF = errors.New("line ends without CR")
	// ErrLineTooLong means that a line was longer than the limit and was thrown
	// away. Reading can go on.
	ErrLineTooLong = errors.New("line too long")
)
