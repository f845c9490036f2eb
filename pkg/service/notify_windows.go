package service

import (
	"errors"
	"time"
)

func send(string, string, int) error { return errors.ErrUnsupported }

func barrier(string) error { return errors.ErrUnsupported }

func monotonic() string { return "" }

func watchdog() (time.Duration, error) { return 0, nil }

func inherited(*Supervisor) (*Sockets, error) { return &Sockets{}, nil }

func wide(*Socket) (bool, error) { return false, errors.ErrUnsupported }
